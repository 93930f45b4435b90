import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Dependency } from '../../../src/apk/dependency.ts';
import { createProviders } from '../../../src/apk/providing/providers.ts';
import { fulfils, provisionsOf, understood } from '../../../src/apk/providing/provision.ts';
import { compareVersions } from '../../../src/apk/version.ts';

const name = fc.constantFrom('a', 'b');
const valid = fc.stringMatching(/^(0?[1-3]|10)(\.(0?[1-3]|10)){0,2}[ab]?(_(alpha|rc|p)[12]?)?(-r[01])?$/);
const version = fc.oneof(valid, fc.constantFrom('', 'x', '1.', '1.0!'));
const operator = fc.constantFrom('', '=', '<', '<=', '>', '>=', '~', '<~', '>~');
const token = fc.tuple(name, operator, valid).map(([on, op, wanted]) => (op === '' ? on : `${on}${op}${wanted}`));
const identityNeed = fc
  .tuple(name, fc.integer({ min: 0, max: 5 }))
  .map(([on, id]) => `${on}><Q1${'A'.repeat(id + 1)}=`);
const packages = fc
  .array(fc.record({ name, version, provides: fc.array(token, { maxLength: 2 }) }), { maxLength: 12 })
  .map((all) => all.map((one, id) => ({ entry: { ...one, identity: `Q1${'A'.repeat((id % 6) + 1)}=` } })));

type Pkg = {
  readonly entry: {
    readonly name: string;
    readonly version: string;
    readonly provides: readonly string[];
    readonly identity: string;
  };
};

/** All that fulfil a need, each asked. */
function fulfilling(all: readonly Pkg[], need: Dependency): readonly Pkg[] {
  return all.filter(({ entry }) => provisionsOf(entry).some((one) => one.name === need.name && fulfils(one, need)));
}

/** The best of them by comparing each with each; the first given of equal ones. */
function bestOf(candidates: readonly Pkg[], need: Dependency, preferred: ReadonlySet<Pkg>): Pkg | undefined {
  const isNamed = ({ entry }: Pkg) => Number(entry.name === need.name);
  const order = (a: Pkg, b: Pkg) =>
    Number(preferred.has(b)) - Number(preferred.has(a)) ||
    isNamed(b) - isNamed(a) ||
    compareVersions(b.entry.version, a.entry.version);
  return candidates.toSorted(order)[0];
}

const needs = fc.array(fc.oneof(token, identityNeed), { minLength: 1, maxLength: 6 });

describe('who provides a name', () => {
  it('is found as if each were asked', () => {
    fc.assert(
      fc.property(packages, needs, fc.nat(), (all, asked, from) => {
        const providers = createProviders<Pkg>(all);
        const preferred = new Set<Pkg>();
        for (const [round, text] of asked.entries()) {
          const need = understood(text);
          if (need === undefined) continue;
          const candidates = fulfilling(all, need);
          const expected = bestOf(candidates, need, preferred);
          const best = providers.best(need);
          // Of several preferred ones any will do.
          const isAny = best !== undefined && preferred.has(best) && candidates.includes(best);
          expect(isAny && expected !== undefined && preferred.has(expected) ? expected : best).toBe(expected);
          const exactly = providers.exactly(need);
          const isExact = need.operator === '=' || need.operator === '><';
          expect(all.filter((pkg) => exactly.includes(pkg))).toEqual(isExact ? candidates : []);
          const next = all[(from + round) % Math.max(1, all.length)];
          if (next === undefined) continue;
          preferred.add(next);
          providers.prefer(next);
        }
      }),
      { numRuns: 500 },
    );
  });
});
