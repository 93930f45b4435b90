import type { PackageCatalog } from '../../../repository/catalog/package-catalog.ts';
import type { ListedPackage } from '../../../repository/service/catalog.ts';
import { packageLink, type RepositoryPlace } from '../frame/page-links.ts';
import { shortened } from '../frame/page-text.tsx';
import { relatedBy, relationTitles, shownOf, type Related, type Relation } from './package-relations.ts';
import type { OpenedIndex } from './surroundings.ts';

/** Where names are looked up. */
export interface LookUp {
  readonly place: RepositoryPlace;
  readonly architecture: string;
  readonly catalog: PackageCatalog;
  /** The image's other indexes, for what this one hasn't. */
  readonly elsewhere: readonly OpenedIndex[];
}

/** Providers of one token that are named; a virtual name may have thousands. */
const maxProviders = 2;
/** Characters of a name in a list. */
const maxName = 100;

interface RelationSectionProps extends LookUp {
  readonly relation: Relation;
  readonly pkg: ListedPackage;
}

/** One relation of a package under its heading, the first of it, and the way to all; nothing where there is none. */
export function RelationSection({ relation, pkg, ...lookUp }: RelationSectionProps) {
  const related = relatedBy(relation, pkg, lookUp.catalog);
  const total = countOfRelated(related);
  if (total === 0) return <></>;
  const shown = shownOf[relation];
  return (
    <section aria-labelledby={relation}>
      <h2 id={relation}>
        {relationTitles[relation]} <span class="count">{total}</span>
      </h2>
      <RelatedList {...lookUp} relation={relation} related={slicedTo(related, 0, shown)} />
      {total > shown && (
        <p>
          <a href={packageLink(lookUp.place, lookUp.architecture, pkg, relation)}>Show all {total}</a>
        </p>
      )}
    </section>
  );
}

/** Tokens with what fulfils them, or packages, in columns. */
export function RelatedList({ relation, related, ...lookUp }: LookUp & { relation: Relation; related: Related }) {
  if (related.kind === 'packages') return <PackageList {...lookUp} packages={related.packages} />;
  const isSought = relation !== 'provides';
  return (
    <ul class="list tokens">
      {related.tokens.map((token) => (
        <li>
          <code dir="auto">{token}</code>
          {isSought && <Providers {...lookUp} token={token} />}
        </li>
      ))}
    </ul>
  );
}

export function countOfRelated(related: Related): number {
  return related.kind === 'tokens' ? related.tokens.length : related.packages.length;
}

export function slicedTo(related: Related, from: number, to: number): Related {
  return related.kind === 'tokens'
    ? { kind: 'tokens', tokens: related.tokens.slice(from, to) }
    : { kind: 'packages', packages: related.packages.slice(from, to) };
}

function PackageList({ packages, place, architecture }: LookUp & { readonly packages: readonly ListedPackage[] }) {
  return (
    <ul class="list">
      {packages.map((pkg) => (
        <li>
          <a href={packageLink(place, architecture, pkg)}>{shortened(pkg.entry.name, maxName)}</a>{' '}
          <span class="note">{shortened(pkg.entry.version, 40)}</span>
        </li>
      ))}
    </ul>
  );
}

/** What fulfils a token here; else what does in the image's other repositories. */
function Providers({ token, ...lookUp }: LookUp & { readonly token: string }) {
  const { place, architecture, catalog, elsewhere } = lookUp;
  if (token.startsWith('!')) return <span class="note">conflict</span>;
  const here = catalog.providersOf(token).map((pkg) => ({ place, architecture, pkg, where: '' }));
  const found = here.length > 0 ? here : providersElsewhere(token, architecture, elsewhere);
  if (found.length === 0) return <span class="note">not in this image</span>;
  return (
    <span class="providers">
      {found.slice(0, maxProviders).map((one) => (
        <span>
          <a href={packageLink(one.place, one.architecture, one.pkg)}>{shortened(one.pkg.entry.name, maxName)}</a>
          {one.where !== '' && <span class="note"> in {one.where}</span>}
        </span>
      ))}
      {found.length > maxProviders && <span class="note">and {found.length - maxProviders} more</span>}
    </span>
  );
}

function providersElsewhere(token: string, architecture: string, elsewhere: readonly OpenedIndex[]) {
  const sameKind = elsewhere.filter((index) => index.architecture === architecture);
  return sameKind.flatMap(({ place, catalog }) =>
    catalog.providersOf(token).map((pkg) => ({
      ...{ place, architecture, pkg },
      where: `${place.at.branch}/${place.at.repository}`,
    })),
  );
}
