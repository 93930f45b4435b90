import { inParallel } from '../../concurrency/in-parallel.ts';
import { buriedBy, keptBy, peekTag } from '../artifacts/package-tag.ts';
import { readAllKept } from '../keeping/kept-packages.ts';
import type { IndexedPackage } from '../index/indexed-package.ts';
import { EVERY, type Look } from '../live/look.ts';
import { unknownRepository } from '../publishing/refusals.ts';
import type { Work } from '../pushing/work.ts';
import type { Works } from '../pushing/works.ts';
import type { History, HistoryEvent, RepositoryHistory } from '../service/history.ts';
import { eventsOfGrave } from './grave-events.ts';
import { eventOfListed, eventsOfWithdrawn } from './listed-events.ts';

/** So many tombstones are read for one answer, the latest by when their packages were pushed. */
const maxGraves = 1_000;
const concurrency = 8;

/** The part of the service that tells what has happened: from the tags that there are, which nobody writes for this. */
export function createHistory(
  { works }: { readonly works: Works },
  { historyMs }: { readonly historyMs: number },
): RepositoryHistory {
  return {
    history: (at, caller, { limit, before }) =>
      works.read(at, caller, unknownRepository(at), async (work) => {
        const told = await toldBy(work);
        const deletionsSince = new Date(work.stamp() - historyMs);
        const events = told.events
          .filter((event) => before === undefined || event.at < before)
          .toSorted((a, b) => b.at.getTime() - a.at.getTime())
          .slice(0, limit);
        return { events, deletionsSince, isComplete: told.isComplete };
      }),
  };
}

async function toldBy(work: Work): Promise<Pick<History, 'events' | 'isComplete'>> {
  const seen = await work.look([EVERY]);
  const graves = gravesIn(seen);
  const read = graves.slice(0, maxGraves);
  const buried = await inParallel(read, concurrency, async (grave) => {
    const events = await eventsOfGrave(work.image, grave, work.time.call());
    work.time.renew();
    return { tag: buriedBy(grave), events };
  });
  // A tombstone tells the same of a withdrawal, while there is one.
  const told = new Set(buried.filter(({ events }) => events.length > 0).map(({ tag }) => tag));
  const kept = await readAllKept(
    work.image,
    seen.live.kept.filter((tag) => !told.has(keptBy(tag))),
    work.time.call(),
  );
  const withdrawn = kept.filter(({ keeping }) => keeping.why === 'withdrawn');
  const events: HistoryEvent[] = [
    ...listedIn(seen).map(eventOfListed),
    ...buried.flatMap((grave) => grave.events),
    ...withdrawn.flatMap(eventsOfWithdrawn),
  ];
  if (events.length === 0 && seen.stored.size === 0) throw unknownRepository(work.at);
  return { events, isComplete: read.length === graves.length };
}

/** Each listed package once. */
function listedIn(seen: Look): readonly IndexedPackage[] {
  const files = seen.architectures.flatMap((architecture) => seen.target(architecture).files);
  return [...new Map(files.map((file) => [`${file.pkg.architecture}/${file.pkg.fileName}`, file])).values()];
}

/** The tombstones of the repository, the latest first by when their packages were pushed. */
function gravesIn({ listing, groups }: Look): readonly string[] {
  const own = new Set(groups.values());
  const freshOf = (tag: string) => tag.slice(-13);
  return listing
    .filter((tag) => {
      const peeked = peekTag(tag);
      return peeked?.kind === 'tombstone' && own.has(peeked.groupHash);
    })
    .toSorted((a, b) => (freshOf(a) < freshOf(b) ? 1 : -1));
}
