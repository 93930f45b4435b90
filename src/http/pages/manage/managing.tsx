import type { Exchange } from '../../exchange/exchange.ts';
import type { HttpDependencies, HttpSettings } from '../../options.ts';
import type { PackageCatalog } from '../../../repository/catalog/package-catalog.ts';
import type { ListedPackage } from '../../../repository/service/catalog.ts';
import type { Crumb } from '../frame/layout.tsx';
import { readForm } from '../frame/own-page.ts';
import { pageAnswer } from '../frame/page-answer.ts';
import type { PageRequest } from '../frame/page-context.tsx';
import { packageLink, type RepositoryPlace } from '../frame/page-links.ts';
import { AskPage } from './ask-page.tsx';
import { DonePage } from './done-page.tsx';
import { createPageChanges, reasonIn, type PageChangesDeps } from './page-changes.ts';
import type { ManageVerb } from './verbs.ts';

/** A package of a repository that somebody has opened. */
export interface ManagedPackage {
  readonly place: RepositoryPlace;
  readonly architecture: string;
  readonly catalog: PackageCatalog;
  readonly crumbs: readonly Crumb[];
  readonly pkg: ListedPackage;
}

/** Withdrawing and deleting by pages: asked for with GET, done with POST. */
export interface Managing {
  /** Throws FORBIDDEN where the caller may not push, so that nobody confirms what would be refused. */
  ask(request: PageRequest, managed: ManagedPackage, verb: ManageVerb): Promise<Response>;
  do(exchange: Exchange, request: PageRequest, managed: ManagedPackage, verb: ManageVerb): Promise<Response>;
}

export function createManaging(
  { repositories, ...deps }: Pick<HttpDependencies, 'repositories'> & PageChangesDeps,
  { deleteGraceMs }: Pick<HttpSettings, 'deleteGraceMs'>,
): Managing {
  const changes = createPageChanges(deps);
  const works = {
    delete: repositories.deleteFiles,
    withdraw: repositories.withdrawFiles,
  };

  return {
    async ask({ frame, caller, signal }, managed, verb) {
      const { place, architecture, catalog, pkg, crumbs } = managed;
      const publication = await repositories.begin(place.at, caller, { signal });
      await publication.cancel();
      const above = { label: pkg.entry.name, href: packageLink(place, architecture, pkg) };
      const asked = { frame, place, architecture, pkg, verb, deleteGraceMs, dependents: catalog.dependentsOf(pkg) };
      return pageAnswer(200, <AskPage {...asked} crumbs={[...crumbs, above]} />);
    },

    async do(exchange, request, { place, architecture, pkg, crumbs }, verb) {
      const form = await readForm(exchange);
      const files = [`${pkg.architecture}/${pkg.fileName}`];
      const reason = reasonIn(form);
      const isNow = form.get('now') !== null;
      // Without the request's signal: half a change helps nobody.
      const change = await changes.packages(exchange, request, { action: verb, at: place.at, files, reason }, () =>
        works[verb](place.at, { files }, request.caller, { reason, isNow }),
      );
      const done = { frame: request.frame, place, architecture, pkg, verb, change };
      return pageAnswer(200, <DonePage {...done} crumbs={[...crumbs, { label: pkg.entry.name }]} />);
    },
  };
}
