import { changeVerbs, type ChangeVerb } from './lifecycle.ts';

/** The file of an architecture's signed index, as apk asks for it. */
export const indexFileName = 'APKINDEX.tar.gz';

/** The same for apk 3 as it asks by itself, and as OpenWrt's lines have it. */
export const indexV3FileNames = ['Packages.adb', 'packages.adb'] as const;

/** The format of the index that a path's last segment names; undefined where it names none. */
export function indexFormatOf(segment: string): 'v2' | 'v3' | undefined {
  if (segment === indexFileName) return 'v2';
  return indexV3FileNames.some((name) => name === segment) ? 'v3' : undefined;
}

/** The last segment of a path below a repository, by what it asks for. */
export const verbs = {
  push: 'push',
  setup: 'setup',
  key: 'key',
  configuration: 'apk-configuration',
  jwks: 'jwks.json',
  status: 'status.json',
  listing: 'packages.json',
  snapshots: 'snapshots.json',
  withdrawn: 'withdrawn.json',
  history: 'history.json',
  feed: 'feed.atom',
} as const;

export type Verb = keyof typeof verbs;

const verbsByWord: ReadonlyMap<string, Verb> = new Map(
  Object.entries(verbs).map(([verb, word]) => [word, verb as Verb]),
);

/** The change that a path's last segment asks for; undefined where it is no such word. */
export function changeVerbOf(segment: string): ChangeVerb | undefined {
  return changeVerbs.find((verb) => verb === segment);
}

/** What a path's last segment asks for; undefined where it is no such word. */
export function verbOf(segment: string): Verb | undefined {
  return verbsByWord.get(segment);
}

/** Whether a path's last segment names a package's file. */
export function isPackageFile(segment: string): boolean {
  return segment.endsWith('.apk');
}

const factsEnding = '.json';

/** The package's file whose facts a path's last segment asks for, `<file>.apk.json`; undefined where it asks for none. */
export function fileOfFacts(segment: string): string | undefined {
  const file = segment.endsWith(factsEnding) ? segment.slice(0, -factsEnding.length) : '';
  return isPackageFile(file) ? file : undefined;
}

/** Whether a path's last segment names a key's file. */
export function isKeyFile(segment: string): boolean {
  return segment.endsWith('.rsa.pub') || segment.endsWith('.pem');
}

/** Whether a branch or repository of that name would hide something that every repository has. */
export function isReservedName(text: string): boolean {
  if (verbsByWord.has(text) || changeVerbOf(text) !== undefined || indexFormatOf(text) !== undefined) return true;
  return isPackageFile(text) || isKeyFile(text) || fileOfFacts(text) !== undefined;
}

/** What a path begins with that doesn't begin with an image: the two prefixes of repositories, and other routes. */
const firstSegments = new Set(['apk', 'api', 'v2', 'addpkg', 'metrics', 'healthz', 'readyz', 'openapi.json']);

/** Whether an image whose name begins so couldn't be reached under the short form of its address. */
export function isReservedFirstSegment(segment: string): boolean {
  return segment.startsWith('_') || firstSegments.has(segment);
}
