import type { Suite } from './suites.ts';

/** A rule of the core, and the change of the source that takes it out. */
export interface Mutation {
  /** What holds, in a sentence. */
  readonly rule: string;
  readonly file: string;
  /** Stands in the file once. */
  readonly text: string;
  readonly instead: string;
  /** The schedules that must notice. */
  readonly suite: Suite;
  /** The most schedules that it may take. Default 500. */
  readonly runs?: number;
}

/** Each rule without which some schedule breaks a promise: `npm run mutate` takes out one at a time and shows the schedule. */
export const mutations: readonly Mutation[] = [
  {
    rule: 'a look lists the tags after it has read the indexes',
    file: 'src/repository/live/look.ts',
    text: `    const stored = await readIndexes(deps, image, at, architectures, keys, options);
    const listing = await image.tags(options);`,
    instead: `    const listing = await image.tags(options);
    const stored = await readIndexes(deps, image, at, architectures, keys, options);`,
    suite: 'quiet',
  },
  {
    rule: 'where a name has rivals, the index of a look is still there after its listing',
    file: 'src/repository/live/look.ts',
    text: 'if (isSameVersions(architectures, stored, latest)) {',
    instead: 'if (latest.size >= 0) {',
    suite: 'known',
  },
  {
    rule: 'a put whose answer was lost is buried with the push that failed',
    file: 'src/repository/publishing/publish.ts',
    text: `      begun.push(tag);
`,
    instead: '',
    suite: ['late puts'],
    runs: 2000,
  },
  {
    rule: 'an index signed by foreign keys covers the set only if its content does',
    file: 'src/repository/live/look.ts',
    text: 'return isSameBytes(index.pieces, contentPieces(content(architecture)));',
    instead: 'return true;',
    suite: ['foreign keys'],
  },
  {
    rule: 'a delete is answered once no index lists its tags',
    file: 'src/repository/publishing/participants.ts',
    text: "return twins.length > 0 || isStillListed ? 'publish' : 'done';",
    instead: "return twins.length > 0 || (isStillListed && look === undefined) ? 'publish' : 'done';",
    suite: 'quiet',
  },
];
