import { parseDependency, type Dependency } from '../dependency.ts';
import { satisfies } from '../version.ts';

/** A name that a package fulfils dependencies on. */
export interface Provision {
  readonly name: string;
  /** Undefined for a provided name without version, which fulfils only dependencies without one. */
  readonly version: string | undefined;
  /** Of the package. */
  readonly identity: string;
}

/** Of a package what says which names it provides. */
export interface Provider {
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
