import type { Exchange } from '../../exchange/exchange.ts';
import type { HttpDependencies } from '../../options.ts';
import type { Audit } from '../../caller/audit.ts';
import type { PackageCatalog } from '../../../repository/catalog/package-catalog.ts';
import type { ListedPackage } from '../../../repository/service/catalog.ts';
import type { Crumb } from '../frame/layout.tsx';
import { pageAnswer } from '../frame/page-answer.ts';
import type { PageRequest } from '../frame/page-context.tsx';
import { packageLink, type RepositoryPlace } from '../frame/page-links.ts';
import { DeletedPage, DeletePage } from './delete-page.tsx';

/** A package of a repository that somebody has opened. */
export interface ManagedPackage {
  readonly place: RepositoryPlace;
  readonly architecture: string;
  readonly catalog: PackageCatalog;
  readonly crumbs: readonly Crumb[];
  readonly pkg: ListedPackage;
}

/** Deleting by pages: asked for with GET, done with POST. */
export interface Deleting {
  /** Throws FORBIDDEN where the caller may not push, so that nobody confirms what would be refused. */
  ask(request: PageRequest, managed: ManagedPackage): Promise<Response>;
  do(exchange: Exchange, request: PageRequest, managed: ManagedPackage): Promise<Response>;
}

type DeletingDeps = Pick<HttpDependencies, 'repositories'> & { readonly audit: Audit };

export function createDeleting({ repositories, audit }: DeletingDeps): Deleting {
  const shown = ({ frame }: PageRequest, { place, architecture, pkg, crumbs }: ManagedPackage) => {
    const above = { label: pkg.entry.name, href: packageLink(place, architecture, pkg) };
    return { frame, place, architecture, pkg, crumbs: [...crumbs, above, { label: 'Delete' }] };
  };

  return {
    async ask(request, managed) {
      const { caller, signal } = request;
      const publication = await repositories.begin(managed.place.at, caller, { signal });
      await publication.cancel();
      const dependents = managed.catalog.dependentsOf(managed.pkg);
      return pageAnswer(200, <DeletePage {...shown(request, managed)} dependents={dependents} />);
    },

    async do(exchange, request, managed) {
      const { caller } = request;
      const { place, pkg } = managed;
      const { architecture, fileName } = pkg;
      const files = [`${architecture}/${fileName}`];
      const attempt = audit.begin(exchange, { action: 'delete', who: caller.name ?? 'somebody', at: place.at, files });
      // Without the request's signal: half a deletion helps nobody.
      const architectures = await attempt.settle(() =>
        repositories.withdraw(place.at, { architecture, fileName }, caller),
      );
      const crumbs = [...managed.crumbs, { label: pkg.entry.name }];
      return pageAnswer(200, <DeletedPage {...shown(request, managed)} {...{ crumbs, architectures }} />);
    },
  };
}
