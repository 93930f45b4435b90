import type { Dependency } from '../dependency.ts';
import { grouped } from './grouped.ts';
import { createLargestInRange } from './largest-in-range.ts';
import type { Provider, Provision } from './provision.ts';
import { compareTokenized, compareWanted, holdsItself, tokensOf, type VersionOperator } from '../version.ts';

/** A package, and one of its provisions of a name. */
export interface Provided<T> {
  readonly pkg: T;
  readonly provision: Provision;
}

/** The packages that provide one name, asked as `Providers` are. */
export interface NameProviders<T> {
  all(dependency: Dependency): readonly T[];
  exactly(dependency: Dependency): readonly T[];
  best(dependency: Dependency): T | undefined;
  prefer(pkg: T): void;
}

/**
 * Sorts them once by apk's order of the versions that they provide, those without one last: what an operator takes is then a run of
 * them, whose ends are found by few comparisons.
 */
export function createNameProviders<T extends { readonly entry: Provider }>(
  given: readonly Provided<T>[],
): NameProviders<T> {
  const versions = given.flatMap((one) => {
    const { version } = one.provision;
    return version === undefined ? [] : [{ one, tokens: tokensOf(version) }];
  });
  versions.sort((a, b) => compareTokenized(a.tokens, b.tokens));
  const sorted = [...versions.map(({ one }) => one), ...given.filter((one) => one.provision.version === undefined)];
  const packages = sorted.map(({ pkg }) => pkg);
  const placesOf = grouped(packages.map((pkg, place) => [pkg, place]));
  const ofIdentity = grouped(sorted.map(({ provision }, place) => [provision.identity, place]));
  const ofVersion = new Map<number, readonly T[]>();
  const worth = worthOf(given, sorted);
  const largest = createLargestInRange(worth);
  const at = (place: number) => packages.slice(place, place + 1);

  const runOf = (operator: VersionOperator, version: string) => {
    const wanted = tokensOf(version);
    const first = firstWhere(versions, ({ tokens }) => compareWanted(tokens, operator, wanted) >= 0);
    const above = firstWhere(versions, ({ tokens }) => compareWanted(tokens, operator, wanted) > 0);
    const [begin, end] = holdsItself(operator) ? [first, above] : [above, first];
    return { from: operator.includes('<') ? 0 : begin, to: operator.includes('>') ? versions.length : end };
  };
  const exactly = (version: string) => {
    const { from, to } = runOf('=', version);
    const known = ofVersion.get(from) ?? packages.slice(from, to);
    if (from < to) ofVersion.set(from, known);
    return from < to ? known : [];
  };
  const bestPlace = ({ operator, version = '' }: Dependency) => {
    if (operator === undefined) return largest.find(0, packages.length);
    if (operator === '><')
      return ofIdentity.get(version)?.reduce((a, b) => ((worth[b] ?? 0) > (worth[a] ?? 0) ? b : a));
    const { from, to } = runOf(operator, version);
    return largest.find(from, to);
  };

  return {
    all({ operator, version = '' }) {
      if (operator === undefined) return packages;
      if (operator === '><') return (ofIdentity.get(version) ?? []).flatMap(at);
      const { from, to } = runOf(operator, version);
      return packages.slice(from, to);
    },
    exactly({ operator, version = '' }) {
      if (operator === '=') return exactly(version);
      return operator === '><' ? (ofIdentity.get(version) ?? []).flatMap(at) : [];
    },
    best(dependency) {
      const place = bestPlace(dependency);
      return place === undefined ? undefined : packages[place];
    },
    prefer(pkg) {
      for (const place of placesOf.get(pkg) ?? []) largest.raise(place, Infinity);
    },
  };
}

/** For each place of `sorted` how much its package is to be preferred: of that very name, then newest, then given first. */
function worthOf<T extends { readonly entry: Provider }>(
  given: readonly Provided<T>[],
  sorted: readonly Provided<T>[],
): Float64Array {
  const ranked = given.map((one, order) => ({
    one,
    order,
    isNamed: one.pkg.entry.name === one.provision.name ? 1 : 0,
    tokens: tokensOf(one.pkg.entry.version),
  }));
  ranked.sort((a, b) => a.isNamed - b.isNamed || compareTokenized(a.tokens, b.tokens) || b.order - a.order);
  const rankOf = new Map(ranked.map(({ one }, rank) => [one, rank]));
  return Float64Array.from(sorted, (one) => rankOf.get(one) ?? 0);
}

/** How many come before the first that a test holds for; it holds for all behind that one. */
function firstWhere<T>(sorted: readonly T[], holds: (one: T) => boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const one = sorted[middle];
    if (one === undefined || holds(one)) high = middle;
    else low = middle + 1;
  }
  return low;
}
