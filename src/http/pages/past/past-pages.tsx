import { NOARCH } from '../../../apk/architectures.ts';
import { GatewayError } from '../../../errors.ts';
import { parseSnapshotName, snapshotBranch } from '../../../protocol/coordinates.ts';
import type { WithdrawnPackage } from '../../../repository/service/lifecycle.ts';
import type { Exchange } from '../../exchange/exchange.ts';
import type { HttpDependencies } from '../../options.ts';
import type { RepositoryBase } from '../../request/addressing.ts';
import { nearPage, pageOf, pagesOf, type Paged } from '../../request/paging.ts';
import { readForm } from '../frame/own-page.ts';
import { pageAnswer, seeOther } from '../frame/page-answer.ts';
import type { PageContext, PageRequest } from '../frame/page-context.tsx';
import { crumbsTo, placeOf, withQuery } from '../frame/page-links.ts';
import { createPageChanges, type PageChangesDeps } from '../manage/page-changes.ts';
import { timelineOf } from './timeline.ts';
import { HistoryPage } from './history-page.tsx';
import type { PastFrameProps } from './past-frame.tsx';
import { pastLink, type PastView } from './past-views.ts';
import { RemovedSnapshotPage, RemoveSnapshotPage } from './remove-snapshot-page.tsx';
import { SnapshotsPage } from './snapshots-page.tsx';
import { WithdrawnPage } from './withdrawn-page.tsx';

/** What isn't in a repository's index: its history, its snapshots, what was withdrawn from it. */
export interface PastPages {
  serve(request: PageRequest, base: RepositoryBase, view: PastView): Promise<Response>;
  /** What a form of those pages asks for. */
  serveChange(exchange: Exchange, request: PageRequest, base: RepositoryBase, view: PastView): Promise<Response>;
}

interface PastPagesDeps extends PageChangesDeps, Pick<HttpDependencies, 'repositories'> {
  readonly context: Pick<PageContext, 'requireUser'>;
}

/** Rows of a page: with the longest names and reasons they are well below its limit. */
const pageSize = 50;

export function createPastPages(
  { repositories, context, ...deps }: PastPagesDeps,
  { hasSingleImage }: { readonly hasSingleImage: boolean },
): PastPages {
  const changes = createPageChanges(deps);

  const framed = ({ frame }: PageRequest, base: RepositoryBase): PastFrameProps => {
    const place = placeOf(base, frame);
    const image = hasSingleImage ? undefined : base.at.image;
    return { frame, place, image, crumbs: crumbsTo(place, frame, { hasSingleImage }) };
  };

  const views: Readonly<Record<PastView, (request: PageRequest, base: RepositoryBase) => Promise<Response>>> = {
    async history(request, base) {
      const timeline = await timelineOf(repositories, base.at, request);
      const found = pageOf(timeline.events, request.query('page'), pageSize);
      return pageAnswer(200, <HistoryPage {...framed(request, base)} {...{ timeline, found }} />);
    },
    async snapshots(request, base) {
      const { caller, signal } = request;
      const all = await repositories.listSnapshots(base.at, caller, { signal });
      const found = pageOf(all, request.query('page'), pageSize);
      return pageAnswer(200, <SnapshotsPage {...framed(request, base)} found={found} />);
    },
    async withdrawn(request, base) {
      const { caller, signal } = request;
      const pageAt = async (page: number): Promise<Paged<WithdrawnPackage>> => {
        const asked = { offset: (page - 1) * pageSize, limit: pageSize, signal };
        const { packages, total } = await repositories.listWithdrawn(base.at, caller, asked);
        const pages = pagesOf(total, pageSize);
        return page > pages ? await pageAt(pages) : { items: packages, total, page, pages };
      };
      const found = await pageAt(nearPage(request.query('page')));
      return pageAnswer(200, <WithdrawnPage {...framed(request, base)} found={found} />);
    },
    async 'remove-snapshot'(request, base) {
      context.requireUser(request);
      const { caller, signal } = request;
      const name = parseSnapshotName(request.query('name') ?? '');
      const publication = await repositories.begin(base.at, caller, { signal });
      await publication.cancel();
      return pageAnswer(200, <RemoveSnapshotPage {...framed(request, base)} name={name} />);
    },
  };

  const snapshotAt = ({ at }: RepositoryBase, name: string) => ({
    at: { ...at, branch: snapshotBranch({ branch: at.branch, name }) },
  });

  const create = async (exchange: Exchange, request: PageRequest, base: RepositoryBase) => {
    const name = parseSnapshotName((await readForm(exchange)).get('name')?.trim() ?? '');
    await changes.other(exchange, request, { action: 'create-snapshot', ...snapshotAt(base, name) }, () =>
      repositories.createSnapshot(base.at, name, request.caller),
    );
    return seeOther(pastLink(placeOf(base, request.frame), 'snapshots'));
  };

  const remove = async (exchange: Exchange, request: PageRequest, base: RepositoryBase) => {
    const name = parseSnapshotName(request.query('name') ?? '');
    const removed = await changes.other(
      exchange,
      request,
      { action: 'remove-snapshot', ...snapshotAt(base, name) },
      () => repositories.removeSnapshot(base.at, name, request.caller),
    );
    return pageAnswer(200, <RemovedSnapshotPage {...framed(request, base)} name={name} removed={removed} />);
  };

  const restore = async (exchange: Exchange, request: PageRequest, base: RepositoryBase) => {
    const file = (await readForm(exchange)).get('file') ?? '';
    // The pages ask for one file: a pattern would restore what nobody has seen.
    if (file === '' || file.includes('*')) throw new GatewayError('REQUEST_INVALID', 'the form names no file');
    const { packages } = await changes.packages(
      exchange,
      request,
      { action: 'restore', at: base.at, files: [file] },
      () => repositories.restoreFiles(base.at, { files: [file] }, request.caller),
    );
    const { path } = placeOf(base, request.frame);
    const [restored] = packages;
    const { name, version } = restored ?? {};
    const arch = restored?.architecture === NOARCH ? undefined : restored?.architecture;
    return seeOther(withQuery(path, { arch, package: name, version }));
  };

  return {
    serve: (request, base, view) => views[view](request, base),
    serveChange(exchange, request, base, view) {
      if (view === 'snapshots') return create(exchange, request, base);
      if (view === 'remove-snapshot') return remove(exchange, request, base);
      if (view === 'withdrawn') return restore(exchange, request, base);
      throw new GatewayError('REQUEST_INVALID', 'no page here asks for that');
    },
  };
}
