import { describe, expect, it } from 'vitest';
import { EVERY } from '../../../../src/repository/live/look.ts';
import { newPackageTag } from '../../../../src/repository/artifacts/package-tag.ts';
import { missingInAll } from '../../../../src/repository/pushing/change-answer.ts';
import { maySelect, scopeOfSelection, select } from '../../../../src/repository/pushing/selection.ts';
import { stampOf } from '../../../../src/time/stamps.ts';
import { aRecord } from '../../../support/a-repository.ts';

const packages = [
  aRecord({ name: 'app', version: '1.0-r0' }),
  aRecord({ name: 'app', version: '1.1-r0' }),
  aRecord({ name: 'app', version: '1.1-r0', arch: 'aarch64' }),
  aRecord({ name: 'app-doc', version: '1.1-r0', arch: 'noarch' }),
];

const pathOf = (pkg: (typeof packages)[number]) => `${pkg.architecture}/${pkg.fileName}`;

describe('what a selection names', () => {
  it.each([
    ['a file of one architecture', { files: ['x86_64/app-1.1-r0.apk'] }, ['x86_64/app-1.1-r0.apk']],
    ['a file of any', { files: ['app-1.1-r0.apk'] }, ['x86_64/app-1.1-r0.apk', 'aarch64/app-1.1-r0.apk']],
    ['files by a pattern', { files: ['app-1.*'] }, packages.slice(0, 3).map(pathOf)],
    ['all of an architecture', { files: ['aarch64/*'] }, ['aarch64/app-1.1-r0.apk']],
    ['every version of a name', { names: ['app'] }, packages.slice(0, 3).map(pathOf)],
    ['names by a pattern', { names: ['app*'] }, packages.map(pathOf)],
  ])('is %s', (_, selection, expected) => {
    const { found, missing } = select(packages, (pkg) => pkg, selection);
    expect(found.map(pathOf)).toEqual(expected);
    expect(missing).toEqual([]);
  });

  it('is told where it is nowhere, each once', () => {
    const selection = { files: ['app-9.apk', 'app-9.apk', 'riscv64/*'], names: ['app', 'none'] };
    expect(select(packages, (pkg) => pkg, selection).missing).toEqual(['app-9.apk', 'riscv64/*', 'none']);
  });

  it.each([
    [{ files: ['x86_64/a.apk', 'aarch64/b.apk'] }, ['x86_64', 'aarch64']],
    [{ files: ['x86_64/a.apk', 'b.apk'] }, ['x86_64', EVERY]],
    [{ files: ['noarch/a.apk'] }, ['noarch', EVERY]],
    [{ files: ['*/a.apk'] }, [EVERY]],
    [{ names: ['a'] }, [EVERY]],
    [{ files: ['no/such/a.apk', 'Not one/a.apk'] }, []],
    [{ files: Array.from({ length: 17 }, (_, i) => `arch${i}/a.apk`) }, [EVERY]],
  ])('%j is looked for in %j', (selection, scope) => {
    expect(scopeOfSelection(selection)).toEqual(scope);
  });

  it.each([
    [{ files: ['x86_64/app-1.0-r0.apk'] }, true],
    [{ files: ['app-1.*', 'none.apk'] }, true],
    [{ files: ['app-1.0-r0.ap*'] }, true],
    [{ names: ['a*'] }, true],
    [{ files: ['app-1.0-r0-x.apk', 'x86_64/app-1.apk'] }, false],
    [{ names: ['other*'] }, false],
  ])('%j may name a tag: %s', (selection, expected) => {
    const group = { branch: 'edge', repository: 'main', architecture: 'x86_64' };
    const pkg = { fileName: 'app-1.0-r0.apk', identity: 'Q1' };
    const tag = newPackageTag(group, pkg, stampOf(0), (bytes) => new Uint8Array(bytes));
    expect(maySelect(selection)(tag)).toBe(expected);
  });

  it('is found fast, however much it names and however much was withdrawn', () => {
    const files = Array.from({ length: 50_000 }, (_, i) => `x86_64/app-1.${i}-r0.apk`);
    const tags = Array.from({ length: 2000 }, (_, i) => `0123456789-w-other-${i}-${'0'.repeat(39)}`);
    const beganMs = performance.now();
    const nothing = { found: [], missing: files };
    expect(missingInAll(nothing, nothing)).toHaveLength(50_000);
    expect(tags.filter(maySelect({ files }))).toEqual([]);
    // Compared each with each it takes more than a minute.
    expect(performance.now() - beganMs).toBeLessThan(5000);
  });
});
