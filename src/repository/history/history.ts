import { inParallel } from '../../concurrency/in-parallel.ts';
import { buriedBy, keptBy, latestFirst, peekKind } from '../artifacts/package-tag.ts';
import type { KnownKept } from '../keeping/known-kept.ts';
import type { IndexedPackage } from '../index/indexed-package.ts';
import { EVERY, shownTags, type Look } from '../live/look.ts';
import { unknownRepository } from '../publishing/refusals.ts';
import type { Work } from '../pushing/work.ts';
import type { Works } from '../pushing/works.ts';
import type { History, HistoryEvent, HistoryPlace, RepositoryHistory } from '../service/history.ts';
import { createGraveEvents, type EventsOfGrave } from './grave-events.ts';
import { eventOfListed, eventsOfWithdrawn } from './listed-events.ts';

/** So many tombstones are read for one answer, the latest by when their packages were pushed. */
const maxGraves = 1_000;
/** And of withdrawn packages, whose tombstones are forgotten. */
const maxWithdrawn = 5_000;
const concurrency = 8;

/** The part of the service that tells what has happened: from the tags that there are, which nobody writes for this. */
export function createHistory(
  { works, knownKept }: { readonly works: Works; readonly knownKept: KnownKept },
  { historyMs }: { readonly historyMs: number },
): RepositoryHistory {
  const eventsOfGrave = createGraveEvents();
  return {
    history: (at, caller, { limit, before, skip = 0 }) =>
      works.read(at, caller, unknownRepository(at), async (work) => {
        const told = await toldBy(work, eventsOfGrave, knownKept);
        const deletionsSince = new Date(work.stamp() - historyMs);
        const all = told.events
          .filter((event) => before === undefined || event.at < before)
          .toSorted((a, b) => b.at.getTime() - a.at.getTime());
        const events = all.slice(skip, skip + limit);
        return { events, deletionsSince, isComplete: told.isComplete, next: placeAfter(all, skip + limit) };
      }),
  };
}

/** The place after the first `count` events, of which many may be of one moment. */
function placeAfter(events: readonly HistoryEvent[], count: number): HistoryPlace | undefined {
  const last = events[count - 1]?.at;
  if (last === undefined || events.length <= count) return undefined;
  const skip = events.slice(0, count).filter(({ at }) => at.getTime() === last.getTime()).length;
  return { before: new Date(last.getTime() + 1), skip };
}

async function toldBy(
  work: Work,
  eventsOfGrave: EventsOfGrave,
  knownKept: KnownKept,
): Promise<Pick<History, 'events' | 'isComplete'>> {
  const seen = await work.look([EVERY]);
  // The latest by when their packages were pushed.
  const graves = latestFirst(shownTags(seen, ['tombstone']));
  const read = graves.slice(0, maxGraves);
  const buried = await inParallel(read, concurrency, async (grave) => {
    const events = await eventsOfGrave(work.image, grave, work.time.call());
    work.time.renew();
    return { tag: buriedBy(grave), events };
  });
  // A tombstone tells the same of a withdrawal, while there is one.
  const told = new Set(buried.filter(({ events }) => events.length > 0).map(({ tag }) => tag));
  const kept = latestFirst(seen.live.kept.filter((tag) => peekKind(tag) === 'withdrawn' && !told.has(keptBy(tag))));
  const readKept = await knownKept.read(work.image, kept.slice(0, maxWithdrawn), work.time.call());
  const withdrawn = readKept.filter(({ keeping }) => keeping.why === 'withdrawn');
  const events: HistoryEvent[] = [
    ...listedIn(seen).map(eventOfListed),
    ...buried.flatMap((grave) => grave.events),
    ...withdrawn.flatMap(eventsOfWithdrawn),
  ];
  if (events.length === 0 && seen.stored.size === 0) throw unknownRepository(work.at);
  return { events, isComplete: read.length === graves.length && kept.length <= maxWithdrawn };
}

/** Each listed package once. */
function listedIn(seen: Look): readonly IndexedPackage[] {
  const files = seen.architectures.flatMap((architecture) => seen.target(architecture).files);
  return [...new Map(files.map((file) => [`${file.pkg.architecture}/${file.pkg.fileName}`, file])).values()];
}
