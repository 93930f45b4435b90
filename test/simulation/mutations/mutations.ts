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
    rule: 'a claim waits until a listing shows its tags',
    file: 'src/repository/publishing/claim.ts',
    text: `if (phase.name !== 'shown' && !mayCount(look)) return 'publish';`,
    instead: `phase = { name: 'shown' };`,
    suite: 'quiet',
  },
  {
    rule: 'whoever sees a rival before it holds its name withdraws',
    file: 'src/repository/publishing/claim.ts',
    text: `    if (rivals.length > 0) {
      await contend(look, rivals);
      return 'publish';
    }
`,
    instead: '',
    suite: 'quiet',
  },
  {
    rule: 'whoever holds a name never withdraws',
    file: 'src/repository/publishing/claim.ts',
    text: `      if (phase.name === 'holding') return settleHeld(look, left);
`,
    instead: '',
    suite: 'quiet',
    runs: 2000,
  },
  {
    rule: 'a push is answered once the index lists its tags',
    file: 'src/repository/publishing/claim.ts',
    text: `return own.every((file) => isListed(look, file)) ? acknowledge() : 'publish';`,
    instead: 'return acknowledge();',
    suite: 'quiet',
  },
  {
    rule: 'a withdrawal that has begun is never taken back',
    file: 'src/repository/publishing/claim.ts',
    text: `        await withdraw(phase.tags, phase.told);
        return 'publish';`,
    instead: `        phase = { name: 'waiting' };
        return 'publish';`,
    suite: ['late puts', 'faults'],
    runs: 2000,
  },
  {
    rule: 'no push holds a name that was deleted since it looked',
    file: 'src/repository/publishing/claim.ts',
    text: 'if (await isUnderGrave(look)) {',
    instead: 'if ((await isUnderGrave(look)) && look === undefined) {',
    suite: 'quiet',
    runs: 2000,
  },
  {
    rule: 'no push holds its tags past the age that others count on',
    file: 'src/repository/publishing/claim.ts',
    text: 'const isTooLate = () => Math.max(msSince(deps.clock, began), deps.stamp() - beganAt) >= lease.claimMs;',
    instead: 'const isTooLate = () => deps.stamp() < beganAt - 1e12;',
    suite: ['sleeps'],
    runs: 2000,
  },
  {
    rule: 'a claim of several files has all of them or none',
    file: 'src/repository/publishing/claim.ts',
    text: '      if (left.length === own.length) return await compete(look);',
    instead: '      if (left.length > 0) return await compete(look);',
    suite: 'quiet',
    runs: 2000,
  },
  {
    rule: '"unchanged" is answered only for the sake of a held tag',
    file: 'src/repository/publishing/publish.ts',
    text: 'isTwin(one.pkg, pkg) && facts.isHeld(one.tag) && !live.unshown.has(one.tag)',
    instead: 'isTwin(one.pkg, pkg) && !live.unshown.has(one.tag)',
    suite: ['sleeps'],
    runs: 2000,
  },
  {
    rule: '"unchanged" is answered only for a tag that the listing shows',
    file: 'src/repository/publishing/publish.ts',
    text: 'isTwin(one.pkg, pkg) && facts.isHeld(one.tag) && !live.unshown.has(one.tag)',
    instead: 'isTwin(one.pkg, pkg) && facts.isHeld(one.tag)',
    suite: ['restores'],
    runs: 2000,
  },
  {
    rule: '"unchanged" is answered only for a tag that is found by name now',
    file: 'src/repository/publishing/publish.ts',
    text: `    if ((await image.resolve(tag, options)) === undefined) continue;
`,
    instead: '',
    suite: 'quiet',
    runs: 2000,
  },
  {
    rule: '"unchanged" brings back a file that was lost',
    file: 'src/repository/publishing/publish.ts',
    text: 'if (!(await image.isReadable(staged.source, options)))',
    instead: 'if (options === undefined)',
    suite: ['collections'],
    runs: 2000,
  },
  {
    rule: 'a tag that is deleted gets a tombstone',
    file: 'src/repository/publishing/burial.ts',
    text: `      await putTombstone(image, tag, 'deleted', options);
`,
    instead: `      if (tag === '') await putTombstone(image, tag, 'deleted', options);
`,
    suite: 'quiet',
    runs: 2000,
  },
  {
    rule: 'a delete is answered once no index lists its tags',
    file: 'src/repository/publishing/withdraw.ts',
    text: `return left.length > 0 || isListed ? 'publish' : 'done';`,
    instead: `return left.length > 0 || (isListed && look === undefined) ? 'publish' : 'done';`,
    suite: 'quiet',
  },
  {
    rule: 'a delete takes every twin that its looks show',
    file: 'src/repository/publishing/withdraw.ts',
    text: 'const left = look.live.named(fileName).filter(({ pkg }) => architectures.includes(pkg.architecture));',
    instead: `const left = look.live.named(fileName).filter(({ tag }) => tag === '');`,
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
    rule: 'an answer that is nothing of ours counts only when it comes twice, apart',
    file: 'src/repository/live/sightings.ts',
    text: 'if (!isPast(note(garbledAt, tag), lease.garbledApartMs)) return false;',
    instead: 'note(garbledAt, tag);',
    suite: ['faults'],
    runs: 2000,
  },
  {
    rule: 'a listing that omits a tag beats having found it lately',
    file: 'src/repository/live/live-set.ts',
    text: 'const isFound = (tag: string) => sightings.isLagging() && sightings.isFresh(tag);',
    instead: 'const isFound = (tag: string) => sightings.isFresh(tag);',
    suite: 'quiet',
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
  {
    rule: 'a death told by 404s is forgotten where index and listing show the tag',
    file: 'src/repository/live/live-set.ts',
    text: 'if (union.has(tag) && !missing.has(tag)) sightings.returned(tag);',
    instead: 'if (union.has(tag) && !missing.has(tag)) sightings.missed(tag);',
    suite: ['restores'],
    runs: 2000,
  },
  {
    rule: 'what this replica put lives by its word while listings lag',
    file: 'src/repository/live/sightings.ts',
    text: `      own.set(tag, true);
`,
    instead: '',
    suite: 'lagging',
    runs: 2000,
  },
  {
    rule: 'losers are buried only where a rival is held',
    file: 'src/repository/live/names.ts',
    text: 'const proven = tags.filter(({ tag }) => facts.isHeld(tag) && !live.unshown.has(tag));',
    instead: 'const proven = tags.filter(({ tag }) => !live.unshown.has(tag));',
    suite: 'quiet',
    runs: 2000,
  },
  {
    rule: 'a held tag is never taken for a loser',
    file: 'src/repository/live/names.ts',
    text: 'return tags.filter((one) => !facts.isHeld(one.tag) && proven',
    instead: 'return tags.filter((one) => proven',
    suite: 'lagging',
    runs: 2000,
  },
  {
    rule: 'losers are left to their own pusher for a while',
    file: 'src/repository/publishing/losers.ts',
    text: '.filter(({ tag }) => deps.sightings.isOverdue(tag))',
    instead: '',
    suite: 'quiet',
    runs: 2000,
  },
  {
    rule: 'losers are cleared away',
    file: 'src/repository/publishing/losers.ts',
    text: 'if (losers.length === 0) return;',
    instead: 'if (losers.length >= 0) return;',
    suite: 'quiet',
    runs: 2000,
  },
  {
    rule: 'a held content has the name before all others',
    file: 'src/repository/live/names.ts',
    text: `      some(({ tag }) => isHeld(tag)),
`,
    instead: '',
    suite: ['foreign keys'],
    runs: 2000,
  },
  {
    rule: 'which tags are held is remembered where an index says it no more',
    file: 'src/repository/live/sightings.ts',
    text: 'for (const tag of held) if (after?.byTag().get(tag)?.held.includes(tag) !== true) sightings.held(tag);',
    instead: '',
    suite: 'quiet',
    runs: 2000,
  },
];
