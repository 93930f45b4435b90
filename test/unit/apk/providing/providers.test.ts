import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createProviders } from '../../../../src/apk/providing/providers.ts';
import { understood } from '../../../../src/apk/providing/provision.ts';
import * as versions from '../../../../src/apk/version.ts';
import { dependencyClosure } from '../../../../src/repository/promoting/dependency-closure.ts';
import { planPruning } from '../../../../src/repository/retention/pruning-plan.ts';

vi.mock('../../../../src/apk/version.ts', { spy: true });

const versionCount = 2000;
const needCount = 1000;

function aPackage(name: string, version: string, depends: readonly string[] = []) {
  const fileName = `${name}-${version}.apk`;
  const entry = { name, version, identity: `Q1${fileName}`, depends, provides: [], fileSize: 1 };
  return { fileName, architecture: 'x86_64', pushedMs: 0, entry: entry as never };
}

const lib = Array.from({ length: versionCount }, (_, i) => aPackage('lib', `${i + 1}.0-r0`));

/** Packages with a hundred different needs each. */
function needers(needOf: (at: number) => string) {
  return Array.from({ length: needCount / 100 }, (_, app) => {
    const depends = Array.from({ length: 100 }, (_, i) => needOf(app * 100 + i));
    return aPackage(`app-${app}`, '1-r0', depends);
  });
}

function comparisons(): number {
  return [versions.compareTokenized, versions.compareWanted, versions.compareVersions, versions.satisfies]
    .map((compare) => vi.mocked(compare).mock.calls.length)
    .reduce((sum, calls) => sum + calls, 0);
}

describe('many different needs of many versions of one name', () => {
  beforeEach(() => vi.clearAllMocks());

  // Each of 1,000 needs held against each of 2,000 versions would be 2,000,000; sorting them is some 40,000, a search 22.
  it.each([
    ['of what is nowhere', (at: number) => `lib>9999.${at}`],
    ['of old versions', (at: number) => `lib<${at + 2}.0`],
    ['of all but a few', (at: number) => `lib>${at}.1`],
    ['of exactly one', (at: number) => `lib=${at + 1}.0-r0`],
    ['of one in other words', (at: number) => `lib=${'0'.repeat(at)}7.0-r0`],
    ['of what begins so', (at: number) => `lib~${at + 1}`],
  ])('%s take few comparisons', (_name, needOf) => {
    const apps = needers(needOf);
    const [plan] = [planPruning([[...apps, ...lib]], { keep: 1 }, 1)];
    expect(plan.length).toBe(versionCount - 1);
    expect(comparisons()).toBeLessThan(200_000);
    vi.clearAllMocks();
    dependencyClosure(apps, [...apps, ...lib], []);
    expect(comparisons()).toBeLessThan(200_000);
  });

  it('are told who fulfils an exact one without making the list again', () => {
    const providers = createProviders(lib);
    const exactly = (need: string) => providers.exactly(understood(need)!);
    expect(exactly('lib=7.0-r0').map(({ fileName }) => fileName)).toEqual(['lib-7.0-r0.apk']);
    expect(exactly('lib=07.0-r0')).toBe(exactly('lib=7.0-r0'));
  });
});
