import { describe, expect, it } from 'vitest';
import { planPruning } from '../../../../src/repository/retention/pruning-plan.ts';
import type { PruningPolicy } from '../../../../src/repository/service/retention.ts';
import { aRecord } from '../../../support/a-repository.ts';

const dayMs = 24 * 60 * 60_000;
const nowMs = Date.UTC(2026, 10, 28);

interface Spec {
  readonly arch?: string;
  readonly days?: number;
  readonly depends?: readonly string[];
  readonly provides?: readonly string[];
}

/** `name-version`, pushed so many days ago. */
function aPackage(nameAndVersion: string, { arch = 'x86_64', days = 0, depends = [], provides = [] }: Spec = {}) {
  const at = nameAndVersion.lastIndexOf('-', nameAndVersion.lastIndexOf('-') - 1);
  const [name, version] = [nameAndVersion.slice(0, at), nameAndVersion.slice(at + 1)];
  const { fileName, entry } = aRecord({ name, version, arch });
  const pushedMs = nowMs - days * dayMs;
  return { architecture: arch, fileName, entry: { ...entry, depends, provides }, pushedMs };
}

type Packages = readonly ReturnType<typeof aPackage>[];

function verdicts(packages: Packages, policy: PruningPolicy, indexes: readonly Packages[] = [packages]) {
  const plan = planPruning(indexes, policy, nowMs);
  const told = (goes: boolean) =>
    plan.filter((one) => one.goes === goes).map(({ pkg }) => `${pkg.architecture}/${pkg.fileName.replace('.apk', '')}`);
  return { goes: told(true).sort(), needed: told(false).sort() };
}

const goes = (...files: readonly string[]) => ({ goes: files.map((file) => `x86_64/${file}`), needed: [] });

describe('a plan of what to prune', () => {
  const versions = ['app-1.9-r0', 'app-1.10-r0', 'app-1.10_rc1-r0', 'app-1.2-r0'].map((one) => aPackage(one));

  it.each<[string, Packages, PruningPolicy, ReturnType<typeof goes>]>([
    ['keeps the newest by apk’s order', versions, { keep: 1 }, goes('app-1.10_rc1-r0', 'app-1.2-r0', 'app-1.9-r0')],
    ['keeps as many of the newest as it is told', versions, { keep: 3 }, goes('app-1.2-r0')],
    ['lets nothing go where there are no more', versions, { keep: 4 }, goes()],
    ['never lets the newest go', versions, { keep: 0 }, goes('app-1.10_rc1-r0', 'app-1.2-r0', 'app-1.9-r0')],
    [
      'lets go what is older than it is told, and never the newest',
      [aPackage('a-3-r0', { days: 90 }), aPackage('a-2-r0', { days: 40 }), aPackage('a-1-r0', { days: 20 })],
      { olderThanMs: 30 * dayMs },
      goes('a-2-r0'),
    ],
    [
      'asks for both where both are told',
      [3, 2, 1].map((n) => aPackage(`a-${n}-r0`, { days: 10 * (4 - n) })),
      { keep: 2, olderThanMs: 30 * dayMs },
      goes('a-1-r0'),
    ],
    [
      'is about the names that it is told alone',
      ['app-1-r0', 'app-2-r0', 'lib-1-r0', 'lib-2-r0'].map((one) => aPackage(one)),
      { keep: 1, names: ['l*'] },
      goes('lib-1-r0'),
    ],
    [
      'leaves out the names that it is told to',
      ['app-1-r0', 'app-2-r0', 'lib-1-r0', 'lib-2-r0'].map((one) => aPackage(one)),
      { keep: 1, except: ['l*'] },
      goes('app-1-r0'),
    ],
    [
      'takes a name for itself, and not for how another begins',
      ['app-1-r0', 'app-doc-1-r0', 'app-doc-2-r0'].map((one) => aPackage(one)),
      { keep: 1 },
      goes('app-doc-1-r0'),
    ],
    [
      'judges each architecture by itself',
      [aPackage('a-1-r0', { arch: 'aarch64' }), aPackage('a-1-r0'), aPackage('a-2-r0')],
      { keep: 1 },
      goes('a-1-r0'),
    ],
  ])('%s', (_name, packages, policy, expected) => {
    expect(verdicts(packages, policy)).toEqual(expected);
  });

  const old = [aPackage('lib-1-r0'), aPackage('lib-2-r0'), aPackage('lib-3-r0')];
  it.each<[string, Packages, readonly string[], readonly string[]]>([
    [
      'what something needs at exactly that version',
      [...old, aPackage('app-1-r0', { depends: ['lib=1-r0'] })],
      ['lib-2-r0'],
      ['lib-1-r0'],
    ],
    [
      'what something needs by its identity',
      [...old, aPackage('app-1-r0', { depends: [`lib><${old[0]!.entry.identity}`] })],
      ['lib-2-r0'],
      ['lib-1-r0'],
    ],
    [
      'the newest that fulfils what would be unmet',
      [...old, aPackage('app-1-r0', { depends: ['lib<3'] })],
      ['lib-1-r0'],
      ['lib-2-r0'],
    ],
    [
      'nothing for a dependency that what stays fulfils',
      [...old, aPackage('app-1-r0', { depends: ['lib>1'] })],
      ['lib-1-r0', 'lib-2-r0'],
      [],
    ],
    [
      'nothing for one that was unmet before',
      [...old, aPackage('app-1-r0', { depends: ['lib>3', 'musl'] })],
      ['lib-1-r0', 'lib-2-r0'],
      [],
    ],
    [
      'nothing for a conflict',
      [...old, aPackage('app-1-r0', { depends: ['!lib=1-r0'] })],
      ['lib-1-r0', 'lib-2-r0'],
      [],
    ],
    [
      'nothing for what goes itself',
      [...old, aPackage('app-1-r0', { depends: ['lib=1-r0'] }), aPackage('app-2-r0')],
      ['app-1-r0', 'lib-1-r0', 'lib-2-r0'],
      [],
    ],
    [
      'what that which it keeps needs in turn',
      [
        ...[aPackage('base-1-r0'), aPackage('base-2-r0'), aPackage('lib-1-r0', { depends: ['base=1-r0'] })],
        ...[aPackage('lib-2-r0'), aPackage('app-1-r0', { depends: ['lib=1-r0'] })],
      ],
      [],
      ['base-1-r0', 'lib-1-r0'],
    ],
    [
      'who provides a name that nobody else does',
      [
        ...[
          aPackage('lib-1-r0', { provides: ['so:lib.so.1=1'] }),
          aPackage('lib-2-r0', { provides: ['so:lib.so.2=2'] }),
        ],
        aPackage('app-1-r0', { depends: ['so:lib.so.1'] }),
      ],
      [],
      ['lib-1-r0'],
    ],
    [
      'no more than what is needed exactly, where that fulfils the rest too',
      [...old, aPackage('app-1-r0', { depends: ['lib<3'] }), aPackage('tool-1-r0', { depends: ['lib=1-r0'] })],
      ['lib-2-r0'],
      ['lib-1-r0'],
    ],
  ])('keeps %s', (_name, packages, gone, needed) => {
    const paths = (files: readonly string[]) => files.map((file) => `x86_64/${file}`);
    expect(verdicts(packages, { keep: 1 })).toEqual({ goes: paths(gone), needed: paths(needed) });
  });

  it('keeps for a noarch package what it needs in any architecture, and nothing of another architecture for others', () => {
    const noarch = aPackage('app-1-r0', { arch: 'noarch', depends: ['lib=1-r0'] });
    const lib = (arch: string) => [aPackage('lib-1-r0', { arch }), aPackage('lib-2-r0', { arch })];
    const indexes = [
      [...lib('x86_64'), noarch],
      [...lib('aarch64'), noarch],
    ];
    expect(verdicts([], { keep: 1 }, indexes)).toEqual({ goes: [], needed: ['aarch64/lib-1-r0', 'x86_64/lib-1-r0'] });
    const tool = aPackage('tool-1-r0', { depends: ['lib=1-r0'] });
    const own = [[...lib('x86_64'), tool], lib('aarch64')];
    expect(verdicts([], { keep: 1 }, own)).toEqual({ goes: ['aarch64/lib-1-r0'], needed: ['x86_64/lib-1-r0'] });
  });

  it('says why of each', () => {
    const packages = [
      ...[1, 2, 3].map((n) => aPackage(`lib-${n}-r0`, { days: 4 - n })),
      aPackage('app-1-r0', { depends: ['lib=2-r0'] }),
    ];
    expect(planPruning([packages], { keep: 1 }, nowMs).map(({ pkg, why }) => `${pkg.fileName}: ${why}`)).toEqual([
      'lib-1-r0.apk: 2 newer versions, pushed 3 days ago',
      'lib-2-r0.apk: app-1-r0.apk needs it',
    ]);
  });

  it('of 60 nightlies of each of 26 products leaves 5 of each, and what an older one needs of another', () => {
    const products = Array.from({ length: 26 }, (_, i) => `product-${String.fromCharCode(97 + i)}`);
    const nightlies = products.flatMap((name, product) =>
      Array.from({ length: 60 }, (_, night) =>
        aPackage(`${name}-1.0_git${20260901 + night}-r0`, {
          days: 60 - night,
          depends: product === 0 && night >= 55 ? [`product-b=1.0_git${20260901 + night - 50}-r0`] : [],
        }),
      ),
    );
    const plan = verdicts(nightlies, { keep: 5, names: ['product-*'] });
    expect([plan.goes.length, plan.needed.length]).toEqual([26 * 55 - 5, 5]);
    expect(plan.needed[0]).toBe('x86_64/product-b-1.0_git20260906-r0');
  });

  it('is made of 20,000 packages within a second', () => {
    const packages = Array.from({ length: 20_000 }, (_, i) =>
      aPackage(`p${i % 200}-1.${Math.floor(i / 200)}-r0`, { depends: [`p${(i + 1) % 200}>0`] }),
    );
    const beganMs = performance.now();
    expect(verdicts(packages, { keep: 3 }).goes).toHaveLength(200 * 97);
    expect(performance.now() - beganMs).toBeLessThan(4_000);
  });

  it('is made fast, whatever the patterns', () => {
    const packages = Array.from({ length: 2000 }, (_, i) => aPackage(`a-package-with-a-name-1.${i}-r0`));
    const names = Array.from({ length: 100 }, (_, i) => `${'*q'.repeat(240)}${i}`);
    const beganMs = performance.now();
    expect(planPruning([packages], { keep: 1, names }, nowMs)).toEqual([]);
    // Held against each version, character for character, they take minutes.
    expect(performance.now() - beganMs).toBeLessThan(5000);
  });

  it('is made fast where each version needs an older one of the next name', () => {
    const links = 2000;
    const packages = Array.from({ length: links }, (_, i) => [
      aPackage(`p${i}-2-r0`),
      aPackage(`p${i}-1-r0`, { depends: [`p${i + 1}<2`] }),
    ]).flat();
    const head = aPackage('head-1-r0', { depends: ['p0<2'] });
    const beganMs = performance.now();
    const { goes: gone, needed } = verdicts([head, ...packages], { keep: 1 });
    expect({ gone: gone.length, needed: needed.length }).toEqual({ gone: 0, needed: links });
    // Looking through all for each of them takes minutes.
    expect(performance.now() - beganMs).toBeLessThan(5000);
  });
});
