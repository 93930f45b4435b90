import type { Suite } from './suites.ts';

/** A rule of the core, and the change of the source that takes it out. */
export interface Mutation {
  /** What holds, in a sentence. */
  readonly rule: string;
  /** Stands in `src/repository` once, whatever its white space. */
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
    text: 'return isSameBytes([...index.pieces, ...index.v3Pieces], [...contentPieces(wanted), ...v3Pieces(wanted)]);',
    instead: 'return true;',
    suite: ['foreign keys'],
  },
  {
    rule: 'a look lists the tags after it has read the indexes',
    text: `const stored = await readIndexes(deps, image, at, architectures, keys, options);
      const listing = (await early?.(stored)) ?? (await image.tags(options));`,
    instead: `const listed = await image.tags(options);
      const stored = await readIndexes(deps, image, at, architectures, keys, options);
      const listing = (await early?.(stored)) ?? listed;`,
    suite: 'known',
  },
  {
    rule: 'the index that a push has put is asked for before the push is answered',
    text: 'const known = recentIndexes(deps, at, asked.named, keys, options.knownMs);',
    instead: 'const known = recentIndexes(deps, at, asked.named, keys, options.knownMs ?? 2_000);',
    suite: 'known',
  },
  {
    rule: 'where a name has rivals, the index of a look is still there after its listing',
    text: 'const latest = await readIndexes(deps, image, at, [...new Set([...architectures, NOARCH])], keys, asking);',
    instead: 'const latest = stored;',
    suite: 'known',
  },
  {
    rule: 'whoever sees a rival before it holds its name withdraws',
    text: 'if (rivals.length > 0) return await contend(look, rivals);',
    instead: '',
    suite: 'quiet',
  },
  {
    rule: 'a put whose answer was lost is buried with the push that failed',
    text: 'begun.push(tag);',
    instead: '',
    suite: 'known',
  },
  {
    rule: 'a claim waits until a listing shows its tags',
    text: `if (phase.name !== 'shown' && !mayCount(look)) return 'publish';`,
    instead: `phase = { name: 'shown' };`,
    suite: 'known',
  },
  {
    rule: 'whoever holds a name never withdraws',
    text: `if (phase.name === 'holding') return await settleHeld(look, left);`,
    instead: '',
    suite: 'known',
  },
  {
    rule: 'a withdrawal that has begun is never taken back',
    text: `if (phase.name === 'withdrawing') return await withdraw(phase.tags, phase.told);`,
    instead: `if (phase.name === 'withdrawing') { phase = { name: 'waiting' }; return 'publish'; }`,
    suite: 'known',
  },
  {
    rule: 'no push holds a name that was deleted since it looked',
    text: 'if (await isUnderGrave(look, time.call())) return',
    instead: 'if ((await isUnderGrave(look, time.call())) && look === undefined) return',
    suite: 'known',
  },
  {
    rule: 'no push holds its tags past the age that others count on',
    text: 'if (isTooLate()) return await withdraw(left, tooLate());',
    instead: 'isTooLate();',
    suite: 'known',
  },
  {
    rule: 'a claim of several files has all of them or none',
    text: 'if (left.length === own.length) return await compete(look);',
    instead: 'if (left.length > 0) return await compete(look);',
    suite: 'known',
  },
  {
    rule: 'a push is answered once the index lists its tags',
    text: `if (!areListed(look, left)) return 'publish';`,
    instead: '',
    suite: 'quiet',
  },
  {
    rule: 'a push is answered only where the registry shows its tags right now',
    text: `if (found.includes(undefined)) return 'publish';`,
    instead: '',
    suite: 'known',
  },
  {
    rule: '"unchanged" is answered only for the sake of a held tag',
    text: 'isTwin(one.pkg, pkg) && facts.isHeld(one.tag) && !live.unshown.has(one.tag)',
    instead: 'isTwin(one.pkg, pkg) && !live.unshown.has(one.tag)',
    suite: 'known',
  },
  {
    rule: '"unchanged" is answered only for a tag that is found by name now',
    text: 'const isThere = await isFound(work, heldTwins(before, file.pkg));',
    instead: 'await isFound(work, []); const isThere = heldTwins(before, file.pkg).length > 0;',
    suite: 'known',
  },
  {
    rule: '"unchanged" brings back a file that was lost',
    text: 'if (await image.isReadable(blob, time.call())) return false;',
    instead: 'if (image !== undefined) return false;',
    suite: 'known',
  },
  {
    rule: 'a delete is answered once no index lists its tags',
    text: `return left.length > 0 || isListed || undead.length > 0 ? 'publish' : 'done';`,
    instead: `return left.length > 0 || (isListed && look === undefined) || undead.length > 0 ? 'publish' : 'done';`,
    suite: 'quiet',
  },
  {
    rule: 'a tag that is deleted gets a tombstone',
    text: `await putTombstone(image, tag, { reason: 'deleted', death }, options);`,
    instead: `if (tag === '') await putTombstone(image, tag, { reason: 'deleted', death }, options);`,
    suite: 'known',
  },
  {
    rule: 'a delete is answered only where the registry tells of the death',
    text: 'const undead = await undeadIn(work.image, look.listing, [...buried.values()], work.time.call());',
    instead:
      'const undead = await undeadIn(work.image, look.listing, [...buried.values()].slice(0, 0), work.time.call());',
    suite: 'known',
  },
  {
    rule: 'a push is refused only where the registry tells that its tags are dead',
    text: 'if (undead.length > 0) return await withdraw(phase.tags, phase.told);',
    instead: '',
    suite: 'known',
  },
  {
    rule: 'what a gateway refused it lists no more, though no index was ever put and the registry is away',
    text: 'if (!seen.stored.has(architecture) && indexes.get(keyOf(group))?.last === undefined) return;',
    instead: 'if (!seen.stored.has(architecture)) return;',
    suite: 'known',
  },
  {
    rule: 'an index is taken for its own repository alone',
    text: 'refuseOther(group, parsed);',
    instead: '',
    suite: 'known',
  },
  {
    rule: 'what is promoted can be fetched, though a deletion beside it let its bytes be collected',
    text: 'if (!(await image.isReadable({ digest, size: entry.fileSize }, time.call()))) throw bytesGone(fileName);',
    instead: '',
    suite: 'known',
  },
  {
    rule: 'a delete takes every twin that its looks show',
    text: 'look.live.named(name).filter(({ pkg }) => files.has(pkg)));',
    instead: `look.live.named(name).filter(({ tag }) => tag === ''));`,
    suite: 'known',
  },
  {
    rule: 'what is withdrawn is kept before its tag goes',
    text: 'if (keepers.has(target.tag)) await keep(work, target, removal, kept);',
    instead: '',
    suite: ['withdrawals'],
  },
  {
    rule: 'nobody restores what was deleted or withdrawn with --now, though somebody keeps it later',
    text: "one.keeping.why === 'deleted' && (await isBarred(image, one.tag, time.call()))",
    instead: "one.keeping.why === 'deleted' && (await isBarred(image, one.tag, time.call())) && false",
    suite: 'known',
  },
  {
    rule: 'nobody fetches what was deleted or withdrawn with --now',
    text: 'for (const one of fetchable) if (!(await isBarred(image, one.tag, call))) return one;',
    instead:
      'for (const one of fetchable) if (!(await isBarred(image, one.tag, call)) || one !== undefined) return one;',
    suite: ['withdrawals', 'late puts', 'half-done puts'],
    runs: 2000,
  },
  {
    rule: 'a change is answered once no index lists what others have taken away',
    text: 'const unlisted = filesOf([...targets, ...ended, ...gone], isExact);',
    instead: 'const unlisted = filesOf(targets, isExact);',
    suite: 'known',
  },
  {
    rule: 'a deletion of what is kept takes what is restored meanwhile',
    text: 'const files = filesOf([...targets, ...ended], isExact);',
    instead: 'const files = filesOf(targets, isExact);',
    suite: 'known',
  },
  {
    rule: 'nothing is restored that nobody keeps any more',
    text: 'if (refusal !== undefined) return await withdraw(own, refusal);',
    instead: 'void refusal;',
    suite: 'known',
  },
  {
    rule: 'who restores something rests only on what others hold',
    text: 'const alone = own.filter((one) => !haveHeldTwins(look, [one]));',
    instead: 'const alone = own.filter((one) => !hasTwin(look, one));',
    suite: 'known',
  },
  {
    rule: 'a move and a pruning take nothing but the bytes that they have seen',
    text: 'const isMeant = ({ pkg }: LiveTag) => digests.get(pathOf(pkg)) === pkg.digest;',
    instead: 'const isMeant = ({ pkg }: LiveTag) => digests.has(pathOf(pkg));',
    suite: 'known',
  },
  {
    rule: 'a promotion is answered once the target lists it',
    text: 'await target.loop.join(createClaim(target, { image: target.image, own, scope, before, began }), target.time);',
    instead: 'createClaim(target, { image: target.image, own, scope, before, began });',
    suite: ['changes'],
  },
  {
    rule: 'a pruning never takes the newest',
    text: 'if (rank < Math.max(1, keep)) return undefined;',
    instead: 'if (rank < keep - 1) return undefined;',
    suite: ['changes'],
  },
  {
    rule: 'a rollback brings what the snapshot has and the repository lacks',
    text: 'const coming = [...wanted].filter(([path]) => !there.has(path)).map(([, pkg]) => pkg);',
    instead: 'const coming = [...wanted].filter(([path]) => there.has(`${path}?`)).map(([, pkg]) => pkg);',
    suite: ['changes'],
  },
  {
    rule: 'a rollback takes what the snapshot lacks',
    text: 'return { coming, going: live.filter((tag) => !isWanted(tag)) };',
    instead: 'return { coming, going: live.filter((tag) => !isWanted(tag) && tag.tag === "") };',
    suite: ['changes'],
  },
  {
    rule: 'a snapshot is answered only where the registry shows its record and what holds its packages',
    text: 'await proveThere(clock, image, unlisted, time.call());',
    instead: '',
    suite: 'known',
  },
  {
    rule: 'runs of a snapshot that a collection took before its record named them are uploaded again',
    text: 'await uploadLayers(image, contents, (digest) => layers.has(digest) && !named.has(digest), time);',
    instead: 'void [named, layers];',
    suite: 'known',
  },
  {
    rule: 'whoever makes a snapshot finds that they are taken for dead',
    text: 'if (await isDoubted(image, ownTag(tag), time.call())) throw tooLate(place);',
    instead: '',
    suite: 'known',
  },
  {
    rule: 'a snapshot that was acknowledged is found by its name',
    text: 'await deps.burial.name(image, ownTag(tag), time.call());',
    instead: '',
    suite: 'known',
  },
  {
    rule: 'a snapshot lists no two rivals',
    text: 'const clashing = clashingTags(seen.live, seen.facts, new Set(listed));',
    instead: 'const clashing = clashingTags(seen.live, seen.facts, new Set(listed.slice(0, 0)));',
    suite: ['changes', 'crowds'],
    runs: 2000,
  },
  {
    rule: 'a tombstone that a listing shows is final',
    text: 'const dead = [...buried, ...sightings.buriedTags(), ...sightings.absentTags()];',
    instead: 'const dead = [...sightings.absentTags()];',
    suite: 'known',
  },
  {
    rule: 'two answers "no such tag" are proof only some time apart',
    text: 'if (!isPast(note(missedAt, tag), lease.absenceApartMs)) return false;',
    instead: 'note(missedAt, tag);',
    suite: 'known',
  },
  {
    rule: 'an answer that is nothing of ours counts only when it comes twice, apart',
    text: 'if (!isPast(note(garbledAt, tag), lease.garbledApartMs)) return false;',
    instead: 'note(garbledAt, tag);',
    suite: 'known',
  },
  {
    rule: 'a package that was listed and came garbled is read again before readers are answered',
    text: 'if (garbled.size === 0 && !(isForeign && [...unread].some(isNew))) return seen;',
    instead: 'return seen;',
    suite: 'known',
  },
  {
    rule: 'a death told by 404s is forgotten where index and listing show the tag',
    text: 'if (union.has(tag) && !missing.has(tag)) sightings.returned(tag);',
    instead: 'void tag;',
    suite: 'known',
  },
  {
    rule: 'what this replica put lives by its word while listings lag',
    text: 'own.set(tag, true);',
    instead: '',
    suite: 'known',
  },
  {
    rule: 'losers are buried only where a rival is held',
    text: 'const proven = tags.filter(({ tag }) => facts.isHeld(tag) && !live.unshown.has(tag));',
    instead: 'const proven = tags.filter(({ tag }) => !live.unshown.has(tag));',
    suite: 'known',
  },
  {
    rule: 'a held tag is never taken for a loser',
    text: 'return tags.filter((one) => !facts.isHeld(one.tag) && proven',
    instead: 'return tags.filter((one) => proven',
    suite: 'known',
  },
  {
    rule: 'losers are cleared away',
    text: 'if (losers.length === 0) return;',
    instead: 'if (losers.length >= 0) return;',
    suite: 'known',
  },
  {
    rule: 'a held content has the name before all others',
    text: 'some(({ tag }) => isHeld(tag)),',
    instead: '',
    suite: 'known',
  },
  {
    rule: 'what an index of foreign keys lists has the name before what was made first',
    text: 'some(isClaimed),',
    instead: '',
    suite: 'known',
  },
  {
    rule: 'which tags are held is remembered where an index says it no more',
    text: 'for (const tag of held) if (after?.byTag().get(tag)?.held.includes(tag) !== true) sightings.held(tag);',
    instead: '',
    suite: 'known',
  },
  {
    rule: 'that there was no index is no answer while the registry is away',
    text: 'if (index.last === undefined || !hasOld(reader, group, index)) throw tooSlow(group);',
    instead: 'if (index.last === undefined) return undefined; if (!hasOld(reader, group, index)) throw tooSlow(group);',
    suite: 'known',
  },
];
