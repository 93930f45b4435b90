/** Something that users met where the world wasn't as the protocol took it to be. */
export interface KnownFault {
  readonly fault: string;
  /** The test that it stays mended by, and words of its name as its file has them. */
  readonly file: string;
  readonly test: string;
  /**
   * What brings the fault back, as `npm run mutate` shows: a change of the source, or a rule of `mutations.ts` that is taken
   * out.
   */
  readonly mend: Change | { readonly rule: string };
}

/** `text` stands in `src` once, whatever its white space. */
interface Change {
  readonly text: string;
  readonly instead: string;
}

const views = 'unit/repository/views';
const publish = 'simulation/publish';
const world = 'integration/world';

const isAbsence: Change = {
  text: 'return answer.status === 404 && hasFault(answer, ...absenceCodes);',
  instead: 'return answer.status === 404;',
};
const onlyWhatIsShown: Change = {
  text: 'const resolved = await reader.image.resolve(tag, call); if (resolved === undefined) return undefined;',
  instead:
    'const resolved = await reader.image.resolve(tag, call); prove(reader, image); if (resolved === undefined) return undefined;',
};
const patience: Change = {
  text: 'const leftMs = Math.max(0, (hasOld() ? patienceMs : longPatienceMs) - msSince(clock, cameMs));',
  instead: 'const leftMs = 2 * longPatienceMs + 0 * cameMs;',
};
const deadline: Change = {
  text: 'const deadline = createDeadline({ clock, ms });',
  instead: 'const deadline = { ...createDeadline({ clock, ms: Infinity }), renew: () => undefined };',
};
const isLost: Change = {
  text: 'if (attempt === maxAttempts) return await lost(image, indexTag(group), options);',
  instead: 'if (attempt === maxAttempts) throw error;',
};
export const knownFaults: readonly KnownFault[] = [
  {
    fault: 'an empty index was served because a front end had no back end for 300 ms',
    file: `${world}/known-faults.test.ts`,
    test: 'shows nobody an empty index',
    mend: isAbsence,
  },
  {
    fault: '…and a push put it into the registry',
    file: `${world}/known-faults.test.ts`,
    test: 'loses nothing to a push',
    mend: isAbsence,
  },
  {
    fault: 'a caller without rights got what is in memory',
    file: `${views}/rights.test.ts`,
    test: 'a stranger gets nothing that others have read',
    mend: onlyWhatIsShown,
  },
  {
    fault: '…and what a push had shown, while the registry hung',
    file: `${views}/rights.test.ts`,
    test: 'a stranger gets nothing that pushes have shown since they came',
    mend: {
      text: 'if (isGood) return rights.mayRead(reader, group.image, staleForMs);',
      instead: 'if (isGood) return true;',
    },
  },
  {
    fault: 'readers got 404 because somebody else may not read',
    file: `${views}/rights.test.ts`,
    test: 'a reader is never told that nothing is there because a stranger was',
    mend: {
      text: 'const readerKeyOf = (reader: Reader, group: Group) => `${keyOf(group)} ${reader.key}`;',
      instead: 'const readerKeyOf = (_reader: Reader, group: Group) => keyOf(group);',
    },
  },
  {
    fault: 'one garbled answer hid a package, and one an index',
    file: `${views}/index-serving.test.ts`,
    test: 'takes one garbled answer for an index that is not there for none',
    mend: {
      text: 'const isThere = stored !== undefined && (!isDamaged(stored) || seen.listing.includes(indexTag(group)));',
      instead: 'const isThere = stored !== undefined;',
    },
  },
  {
    fault: '…and two that contradicted each other hid a package where nobody holds the key of the index',
    file: 'unit/repository/live/absence.test.ts',
    test: 'is not believed where the next one is odd too',
    mend: { text: "if (first === 'garbled' && answer === undefined) return garbled;", instead: '' },
  },
  {
    fault: '…and two that said there is none hid a package where nobody holds the key of the index',
    file: `${views}/patience.test.ts`,
    test: 'hides none for being told %s',
    mend: {
      text: 'if (garbled.size === 0 && !(isForeign && [...unread].some(isNew))) return seen;',
      instead: 'if (garbled.size === 0) return seen;',
    },
  },
  {
    fault: '…and where one can not be read at all, every read waited for it',
    file: `${views}/patience.test.ts`,
    test: 'waits once for what can not be read',
    mend: { text: 'unreadable.set(key, again.live.unread);', instead: '' },
  },
  {
    fault: '…and a repository for ever',
    file: 'unit/repository/live/groups.test.ts',
    test: 'whose manifest came garbled once is found again',
    mend: {
      text: 'const foreign = createBoundedCache<true>(100_000, { clock, ttlMs: lease.memoryMs });',
      instead: 'const foreign = createBoundedCache<true>(100_000);',
    },
  },
  {
    fault: 'an absence told once was a death',
    file: `${publish}/known-bad.test.ts`,
    test: 'a package that the index lists stays until both are repeated',
    mend: { rule: 'two answers "no such tag" are proof only some time apart' },
  },
  {
    fault: 'an index froze while a clock was behind',
    file: `${views}/index-serving.test.ts`,
    test: 'by a clock that is set back',
    mend: {
      text: 'const sentMs = clock.monotonicMs(); const resolved = await ask();',
      instead: 'const sentMs = clock.now() as MonotonicMs; const resolved = await ask();',
    },
  },
  {
    fault: '304 was answered for other content',
    file: `${views}/index-serving.test.ts`,
    test: 'says another Last-Modified for each content',
    mend: {
      text: 'const before = parseInt(hexOf(digest).slice(0, 8), 16) % spreadSeconds;',
      instead: 'const before = 0 * hexOf(digest).length * spreadSeconds;',
    },
  },
  {
    fault: 'a delete by a clock that was off came back',
    file: `${publish}/troubled.test.ts`,
    test: 'loses nothing where there are %s',
    mend: { rule: 'a tag that is deleted gets a tombstone' },
  },
  {
    fault: 'a push that slept was deleted and acknowledged',
    file: `${publish}/known-deaths.test.ts`,
    test: 'that slept for an hour holds nothing any more',
    mend: { rule: 'no push holds its tags past the age that others count on' },
  },
  {
    fault: '"unchanged" was answered for what was being withdrawn',
    file: `${publish}/known-bad.test.ts`,
    test: 'twins are pushed, then the file is deleted',
    mend: { rule: '"unchanged" is answered only for the sake of a held tag' },
  },
  {
    fault: 'a withdrawal that landed late took what was acknowledged',
    file: `${publish}/known-rivals.test.ts`,
    test: 'a push whose withdrawal failed is not acknowledged after all',
    mend: { rule: 'a withdrawal that has begun is never taken back' },
  },
  {
    fault: 'a rival of a dead pusher was never cleared',
    file: `${publish}/known-deaths.test.ts`,
    test: 'that lost its name is buried by whoever publishes next',
    mend: { rule: 'losers are cleared away' },
  },
  {
    fault: '…and had the name once the index was lost',
    file: `${publish}/known-deaths.test.ts`,
    test: 'that was held stays so to whoever has seen it',
    mend: { rule: 'which tags are held is remembered where an index says it no more' },
  },
  {
    fault: 'a deletion was answered while an index listed what somebody else was deleting',
    file: `${publish}/known-changes.test.ts`,
    test: 'a package is gone for whoever was told so',
    mend: { rule: 'a change is answered once no index lists what others have taken away' },
  },
  {
    fault: 'what was withdrawn and deleted was restored beside that',
    file: `${publish}/known-changes.test.ts`,
    test: 'a deletion of what is withdrawn takes what is restored meanwhile',
    mend: { rule: 'a deletion of what is kept takes what is restored meanwhile' },
  },
  {
    fault: '…and after that',
    file: `${publish}/known-changes.test.ts`,
    test: 'nothing is restored of what was deleted before it was put',
    mend: { rule: 'nothing is restored that nobody keeps any more' },
  },
  {
    fault: '…by two at once, each for the sake of the other',
    file: `${publish}/known-changes.test.ts`,
    test: 'two who restore what was deleted before they put it prove nothing to each other',
    mend: { rule: 'who restores something rests only on what others hold' },
  },
  {
    fault: 'a move and a pruning deleted what was pushed since they looked',
    file: `${publish}/known-changes.test.ts`,
    test: '%s takes nothing that was pushed since it looked',
    mend: { rule: 'a move and a pruning take nothing but the bytes that they have seen' },
  },
  {
    fault: 'readers were cut off while the registry hung',
    file: 'integration/registry-trouble.test.ts',
    test: 'hangs: readers have what is in memory within 2 s',
    mend: patience,
  },
  {
    fault: 'readers waited as long as Retry-After said',
    file: 'integration/registry-trouble.test.ts',
    test: 'answers %s: readers have what is in memory within 2 s',
    mend: patience,
  },
  {
    fault: 'what was acknowledged after a failed read was not listed',
    file: `${views}/patience.test.ts`,
    test: 'is given what this gateway has just acknowledged, right after a failed reading',
    mend: { text: 'offer.beganMs); patience.end();', instead: 'offer.beganMs);' },
  },
  {
    fault: 'pushers were answered after five minutes, or not',
    file: `${world}/answered-in-time.test.ts`,
    test: 'are answered in time where the registry %s as it %s',
    mend: deadline,
  },
  {
    fault: '…and after a stop of the registry',
    file: `${world}/answered-in-time.test.ts`,
    test: 'are answered in time where the registry is stopped',
    mend: deadline,
  },
  {
    fault: 'an index was 503 until the registry restarted',
    file: `${world}/collected-content.test.ts`,
    test: 'is mended by the next push',
    mend: isLost,
  },
  {
    fault: '…also for lkard verify --repair',
    file: `${world}/collected-content.test.ts`,
    test: 'is mended by lkard verify --repair',
    mend: isLost,
  },
  {
    fault: 'the bytes of a lost package were 409',
    file: `${world}/collected-content.test.ts`,
    test: 'comes back with the same bytes',
    mend: { rule: '"unchanged" brings back a file that was lost' },
  },
  {
    fault: '"unchanged" was answered for what a restore took',
    file: `${world}/known-faults.test.ts`,
    test: 'that was set back to a backup',
    mend: {
      text: 'const isThere = await isFound(work, heldTwins(before, file.pkg));',
      instead: `const { sightings } = work;
    const isThere = sightings.heldTags().some((tag) => sightings.recordOf(tag)?.digest === file.pkg.digest);`,
    },
  },
  {
    fault: 'a read-only registry was 502',
    file: `${world}/known-faults.test.ts`,
    test: 'that is read-only is 503 with Retry-After',
    mend: {
      text: "return new GatewayError('STORE_READ_ONLY', text,",
      instead: "return new GatewayError('STORE_ANSWER_INVALID', text,",
    },
  },
  {
    fault: 'every push was 502 where HEAD is refused',
    file: `${world}/known-faults.test.ts`,
    test: 'that answers HEAD with %i',
    mend: {
      text: 'if (![200, 404, 405, 501].includes(answer.status))',
      instead: 'if (![200, 404].includes(answer.status))',
    },
  },
  {
    fault: '…and where the next page is at another host',
    file: 'simulation/registry/listing.test.ts',
    test: 'another host, of which only the query counts',
    mend: {
      text: 'next.search = new URL(link, url).search; return next;',
      instead: 'next.search = new URL(link, url).search; return new URL(link, url);',
    },
  },
  {
    fault: 'another replica did not list what was acknowledged',
    file: 'integration/read-your-writes.test.ts',
    test: 'list what was acknowledged and list no more what was deleted',
    mend: {
      text: 'stretchedFreshness(options.freshnessMs, stretchOf(spent, image));',
      instead: 'stretchedFreshness(options.freshnessMs + 1000, stretchOf(spent, image));',
    },
  },
  {
    fault: 'lkar push --wait had asked one replica',
    file: 'integration/read-your-writes.test.ts',
    test: 'serve what lkar push --wait has returned for',
    mend: { text: 'await sleep(lagSeconds * 1000, undefined, { signal: session.signal });', instead: '' },
  },
  {
    fault: 'readers waited for pushes that a listing shows a moment before they can be read',
    file: `${views}/index-serving.test.ts`,
    test: 'keeps no reader waiting for a push whose tag is listed and can not be read',
    mend: {
      text: 'if (garbled.size === 0 && !(isForeign && [...unread].some(isNew))) return seen;',
      instead: 'if (unread.size === 0) return seen;',
    },
  },
  {
    fault: 'a stale index lacked what was acknowledged while something else changed',
    file: `${views}/patience.test.ts`,
    test: 'is given what this gateway %s while another has begun to delete something else',
    mend: {
      text: 'last = offer; if (!offer.isCovering) return;',
      instead: 'if (!offer.isCovering) return; last = offer;',
    },
  },
  {
    fault: '…or that nothing but tombstones tells of the architecture',
    file: `${views}/patience.test.ts`,
    test: 'is given no index without what this gateway acknowledged, where nothing but tombstones tells',
    mend: { text: 'isOffered : isGoodIndex(last, group);', instead: 'isOffered : true;' },
  },
  {
    fault: 'a replica with other keys showed what was about to be withdrawn',
    file: `${publish}/known-rivals.test.ts`,
    test: 'one about to withdraw: a replica with other keys shows the acknowledged one',
    mend: { rule: 'what an index of foreign keys lists has the name before what was made first' },
  },
  {
    fault: 'a delete that put no index was seen late where comparing takes long',
    file: `${views}/index-serving.test.ts`,
    test: 'shows a delete at once that puts no index, though comparing takes long',
    mend: {
      text: 'const isExpensive = view?.isFromScratch === true && tookMs >= expensiveMs;',
      instead: 'const isExpensive = tookMs >= expensiveMs;',
    },
  },
  {
    fault: "everybody waited for one caller's hanging comparison",
    file: `${views}/index-serving.test.ts`,
    test: "waits some seconds for somebody else's comparison, whose connection may hang",
    mend: {
      text: 'if (await settlesWithin(waited, sharedMs, clock)) ended += 1;',
      instead: 'await waited.catch(() => undefined);',
    },
  },
  {
    fault: 'a stuck push slowed down the others',
    file: 'unit/repository/publishing/publish-loop.test.ts',
    test: 'looks at once for whoever comes while it pauses because of others',
    mend: { text: 'pause.abort();', instead: '' },
  },
  {
    fault: 'a push was told that it was deleted while an index went on listing it',
    file: `${publish}/known-deaths.test.ts`,
    test: 'is told that it was deleted once no index lists it',
    mend: {
      text: "if (!areCovered(look, scope)) return 'publish'; throw withdrawnMeanwhile(own);",
      instead: 'throw withdrawnMeanwhile(own);',
    },
  },
  {
    fault: 'a push of several files was refused and one of them stayed listed',
    file: `${publish}/known-deaths.test.ts`,
    test: 'of several files is acknowledged where one was deleted and pushed anew',
    mend: { text: 'look.live.has(file.tag) || heldRivals([file]).length === 0', instead: 'file !== undefined' },
  },
  {
    fault: 'of two readers who came while the registry failed one did not see what this gateway had acknowledged',
    file: `${views}/served-index.test.ts`,
    test: 'is there for each of several who come at once',
    mend: { text: 'accepting = Promise.allSettled([accepting, made]).then(() => undefined);', instead: '' },
  },
  {
    fault: 'what was withdrawn could be restored after its deletion, whose word the registry had lost',
    file: `${publish}/known-changes.test.ts`,
    test: 'what was withdrawn is deleted only where the registry has what says so',
    mend: {
      text: 'if (found.every((one) => one !== undefined && one.digest !== before)) return;',
      instead: 'if (found.every((one) => one !== undefined || before === undefined)) return;',
    },
  },
  {
    fault: '…and a snapshot could be read after its removal',
    file: `${publish}/known-snapshots.test.ts`,
    test: 'is removed only where the registry has what says so in its place',
    mend: { text: 'if (!isRemoved) await replace(image, record, call); await bury', instead: 'await bury' },
  },
  {
    fault: 'a part of what could not be restored stayed listed, as the registry had lost what buried it',
    file: `${publish}/known-changes.test.ts`,
    test: 'what is restored in part only is not listed',
    mend: { text: 'await proveThere(work.clock, work.image, [tombstoneOf(tag)], call);', instead: '' },
  },
  {
    fault: 'a delete was answered while an index listed it, as the registry said once that there is no index',
    file: `${publish}/known-deaths.test.ts`,
    test: 'is answered only once no index lists it, though the registry lost one',
    mend: { text: 'if (odd.length === 0 && shown.every', instead: 'if (odd.length >= 0 && shown.every' },
  },
  {
    fault:
      'what was acknowledged beside a lost index of few packages was seen late, as the registry had stood still before',
    file: `${views}/index-serving.test.ts`,
    test: 'though comparing a lost index of few packages took long',
    mend: {
      text: 'isFromScratch: seen.listing.length >= manyTags && isUseless,',
      instead: 'isFromScratch: isUseless,',
    },
  },
  {
    fault: 'a tag whose tombstone the registry lost was a rival to all but the replica that had buried it',
    file: `${publish}/known-deaths.test.ts`,
    test: 'whose tombstone the registry lost is buried again by whoever buried it',
    mend: { text: 'await buryAgain(losing, participant, seen, call);', instead: '' },
  },
  {
    fault: 'a move tried again was answered while the source went on listing what the first had taken',
    file: `${publish}/known-changes.test.ts`,
    test: 'though the %s that took it has put no index yet',
    mend: {
      text: 'meant: [...answered.filter((one) => chosen.has(pathOf(one))), ...movedBefore],',
      instead: 'meant: answered.filter((one) => chosen.has(pathOf(one))),',
    },
  },
  {
    fault: 'a replica that had acknowledged something in an architecture went on saying that there is nothing',
    file: `${views}/served-index.test.ts`,
    test: 'who was told before that there is none is asked for again',
    mend: { text: 'offeredMs = Math.max(offeredMs, offer.beganMs);', instead: '' },
  },
];
