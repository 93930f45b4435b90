import { compareVersions } from '../../apk/version.ts';
import type { Group } from '../../protocol/coordinates.ts';
import type { ListedPackage, ListedRepository } from '../service/catalog.ts';
import { rankOf } from './package-search.ts';

/** A package by its name in one repository of one image. */
export interface WideHit {
  readonly place: Group;
  /** All in which it was found, `noarch` for itself. */
  readonly architectures: readonly string[];
  /** Its newest version. */
  readonly pkg: ListedPackage;
}

/** A repository that is named by the words itself. */
export interface FoundRepository {
  readonly image: string;
  readonly repository: ListedRepository;
}

/** Collects what a search finds in many places, within bounds. */
export interface WideHits {
  addPackages(place: Group, found: readonly ListedPackage[], query: string, isCut: boolean): void;
  addRepositories(image: string, repositories: readonly ListedRepository[], words: readonly string[]): void;
  result(): {
    readonly packages: readonly WideHit[];
    readonly repositories: readonly FoundRepository[];
    readonly isCut: boolean;
  };
}

const maxPackages = 10_000;
const maxRepositories = 20;

interface Hit {
  place: Group;
  architectures: Set<string>;
  pkg: ListedPackage;
  rank: number;
}

export function createWideHits(): WideHits {
  const packages = new Map<string, Hit>();
  const repositories: FoundRepository[] = [];
  let isCut = false;

  const addPackage = (place: Group, pkg: ListedPackage, rank: number) => {
    const { image, branch, repository } = place;
    const key = JSON.stringify([image, branch, repository, pkg.entry.name]);
    const known = packages.get(key);
    if (known === undefined) {
      if (packages.size === maxPackages) isCut = true;
      else packages.set(key, { place, architectures: new Set([pkg.architecture]), pkg, rank });
      return;
    }
    known.architectures.add(pkg.architecture);
    known.rank = Math.min(known.rank, rank);
    if (compareVersions(pkg.entry.version, known.pkg.entry.version) <= 0) return;
    known.pkg = pkg;
    known.place = place;
  };

  return {
    addPackages(place, found, query, isFoundCut) {
      if (isFoundCut) isCut = true;
      for (const pkg of found) addPackage(place, pkg, rankOf(pkg.entry.name.toLowerCase(), query));
    },
    addRepositories(image, listed, words) {
      const named = listed.filter((one) => words.every((word) => isNamedBy(word, image, one)));
      if (repositories.length + named.length > maxRepositories) isCut = true;
      repositories.push(
        ...named.slice(0, maxRepositories - repositories.length).map((repository) => ({ image, repository })),
      );
    },
    result() {
      const sorted = [...packages.values()].toSorted((a, b) => a.rank - b.rank || comparePlaces(a, b));
      const hits = sorted.map(({ place, architectures, pkg }) => ({
        ...{ place, pkg },
        architectures: [...architectures].toSorted(),
      }));
      return { packages: hits, repositories, isCut };
    },
  };
}

function isNamedBy(word: string, image: string, { branch, repository, architectures }: ListedRepository): boolean {
  return `${image}/${branch}/${repository}`.toLowerCase().includes(word) || architectures.includes(word);
}

function comparePlaces(a: Hit, b: Hit): number {
  const nameOf = ({ pkg, place }: Hit) =>
    `${pkg.entry.name.toLowerCase()}\n${place.image}\n${place.branch}\n${place.repository}`;
  return nameOf(a) < nameOf(b) ? -1 : 1;
}
