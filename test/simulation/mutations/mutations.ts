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
    rule: 'an index signed by foreign keys covers the set only if its content does',
    file: 'src/repository/live/look.ts',
    text: 'return isSameBytes([...index.pieces, ...index.v3Pieces], [...contentPieces(wanted), ...v3Pieces(wanted)]);',
    instead: 'return true;',
    suite: ['foreign keys'],
  },
  {
    rule: 'whoever sees a rival before it holds its name withdraws',
    file: 'src/repository/publishing/claim.ts',
    text: `    if (rivals.length > 0) return await contend(look, rivals);
`,
    instead: '',
    suite: 'quiet',
  },
  {
    rule: 'a delete is answered once no index lists its tags',
    file: 'src/repository/pushing/withdraw.ts',
    text: `return left.length > 0 || isListed ? 'publish' : 'done';`,
    instead: `return left.length > 0 || (isListed && look === undefined) ? 'publish' : 'done';`,
    suite: 'quiet',
  },
  {
    rule: 'two answers "no such tag" are proof only some time apart',
    file: 'src/repository/live/sightings.ts',
    text: 'if (!isPast(note(missedAt, tag), lease.absenceApartMs)) return false;',
    instead: 'note(missedAt, tag);',
    suite: 'lagging',
    runs: 2000,
  },
  {
    rule: 'a tombstone that a listing shows is final',
    file: 'src/repository/live/live-set.ts',
    text: 'const dead = [...buried, ...sightings.buriedTags(), ...sightings.absentTags()];',
    instead: 'const dead = [...sightings.absentTags()];',
    suite: 'quiet',
    runs: 2000,
  },
];
