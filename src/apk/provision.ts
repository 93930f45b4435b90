import { parseDependency, type Dependency } from './dependency.ts';
import { compareVersions, satisfies } from './version.ts';

/** A name that a package fulfils dependencies on. */
export interface Provision {
  readonly name: string;
  /** Undefined for a provided name without version, which fulfils only dependencies without one. */
  readonly version: string | undefined;
  /** Of the package. */
  readonly identity: string;
}

interface Provider {
  readonly identity: string;
  readonly name: string;
  readonly version: string;
  readonly provides: readonly string[];
}

/** The package's own name and what it says it provides. */
export function provisionsOf({ identity, name, version, provides }: Provider): readonly Provision[] {
  const provided = provides.flatMap((token) => understood(token) ?? []);
  return [{ name, version, identity }, ...provided.map((one) => ({ name: one.name, version: one.version, identity }))];
}

/** What a package needs; conflicts and what can't be taken apart are left out. */
export function needsOf({ depends }: { readonly depends: readonly string[] }): readonly Dependency[] {
  return depends.flatMap((token) => understood(token) ?? []).filter(({ isConflict }) => !isConflict);
}

/** The token of a dependency, taken apart; undefined where it is none. */
export function understood(token: string): Dependency | undefined {
  const dependency = parseDependency(token);
  return 'fault' in dependency ? undefined : dependency;
}

/** Whether a provision of the name that a dependency is on fulfils it. */
export function fulfils({ version, identity }: Omit<Provision, 'name'>, dependency: Dependency): boolean {
  const { operator, version: wanted = '' } = dependency;
  if (operator === undefined) return true;
  if (operator === '><') return identity === wanted;
  return version !== undefined && satisfies(version, operator, wanted);
}

/** Of those who fulfil a dependency the one to take: of that very name before those that provide it, then the newest. */
export function bestProvider<T>(
  candidates: readonly T[],
  dependency: Dependency,
  entryOf: (candidate: T) => Provider,
): T | undefined {
  const isNamed = (one: T) => (entryOf(one).name === dependency.name ? 1 : 0);
  const order = (a: T, b: T) => isNamed(b) - isNamed(a) || compareVersions(entryOf(b).version, entryOf(a).version);
  return candidates.toSorted(order)[0];
}

/** Packages by what they provide. */
export interface Providers<T> {
  add(pkg: T): void;
  /** Those that fulfil a dependency, in the order in which they were added. */
  of(dependency: Dependency): readonly T[];
  /** Whether any does; looks no further than the first. */
  has(dependency: Dependency): boolean;
}

export function createProviders<T extends { readonly entry: Provider }>(packages: readonly T[]): Providers<T> {
  const provisions = new Map<string, { readonly pkg: T; readonly provision: Provision }[]>();
  const named = ({ name }: Dependency) => provisions.get(name) ?? [];
  const providers: Providers<T> = {
    add(pkg) {
      for (const provision of provisionsOf(pkg.entry)) {
        const known = provisions.get(provision.name);
        if (known === undefined) provisions.set(provision.name, [{ pkg, provision }]);
        else known.push({ pkg, provision });
      }
    },
    of: (dependency) =>
      named(dependency)
        .filter(({ provision }) => fulfils(provision, dependency))
        .map(({ pkg }) => pkg),
    has: (dependency) => named(dependency).some(({ provision }) => fulfils(provision, dependency)),
  };
  for (const pkg of packages) providers.add(pkg);
  return providers;
}
