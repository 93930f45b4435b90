import type { ListedPackage } from '../../../repository/service/catalog.ts';
import { packageLink, type RepositoryPlace } from '../frame/page-links.ts';
import { shortened } from '../frame/page-text.tsx';
import {
  countOfRelated,
  relatedBy,
  relationTitles,
  shownOf,
  slicedTo,
  type LookUp,
  type PlacedPackage,
  type Related,
  type Relation,
} from './package-relations.ts';

/** Providers of one token that are named; a virtual name may have thousands. */
const maxProviders = 2;
/** Characters of a name in a list. */
const maxName = 100;
/** Tokens that somebody has to fulfil. */
const sought: ReadonlySet<Relation> = new Set(['depends', 'install-if', 'recommends']);

interface RelationSectionProps extends LookUp {
  readonly relation: Relation;
  readonly pkg: ListedPackage;
}

/** One relation of a package under its heading, the first of it, and the way to all; nothing where there is none. */
export function RelationSection({ relation, pkg, ...lookUp }: RelationSectionProps) {
  const related = relatedBy(relation, pkg, lookUp);
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
  if (related.kind === 'packages') return <PackageList from={lookUp.place} packages={related.packages} />;
  return (
    <ul class="list tokens">
      {related.tokens.map((token) => (
        <li>
          <code dir="auto">{token}</code>
          {sought.has(relation) && <Providers {...lookUp} token={token} />}
        </li>
      ))}
    </ul>
  );
}

interface PackageListProps {
  readonly from: RepositoryPlace;
  readonly packages: readonly PlacedPackage[];
}

function PackageList({ from, packages }: PackageListProps) {
  return (
    <ul class="list">
      {packages.map((one) => (
        <li>
          <PackageName placed={one} />{' '}
          <span class="note">
            {shortened(one.pkg.entry.version, 40)}
            <Elsewhere placed={one} from={from} />
          </span>
        </li>
      ))}
    </ul>
  );
}

function PackageName({ placed: { place, architecture, pkg } }: { readonly placed: PlacedPackage }) {
  return <a href={packageLink(place, architecture, pkg)}>{shortened(pkg.entry.name, maxName)}</a>;
}

/** Where a package is, if not in the repository that is looked at. */
function Elsewhere({ placed: { place }, from }: { readonly placed: PlacedPackage; readonly from: RepositoryPlace }) {
  if (place.path === from.path) return <></>;
  return (
    <>
      {' '}
      in {place.at.branch}/{place.at.repository}
    </>
  );
}

/** What fulfils a token here; else what does in the image's other repositories. */
function Providers({ token, ...lookUp }: LookUp & { readonly token: string }) {
  if (token.startsWith('!')) return <span class="note">conflict</span>;
  const found = providersOf(token, lookUp);
  if (found.length === 0) return <span class="note">not in this image</span>;
  return (
    <span class="providers">
      {found.slice(0, maxProviders).map((one) => (
        <span>
          <PackageName placed={one} />
          <span class="note">
            <Elsewhere placed={one} from={lookUp.place} />
          </span>
        </span>
      ))}
      {found.length > maxProviders && <span class="note">and {found.length - maxProviders} more</span>}
    </span>
  );
}

function providersOf(token: string, { place, architecture, catalog, elsewhere }: LookUp): readonly PlacedPackage[] {
  const here = catalog.providersOf(token);
  if (here.length > 0) return here.map((pkg) => ({ place, architecture, pkg }));
  const sameKind = elsewhere.filter((index) => index.architecture === architecture);
  const found = sameKind.flatMap((index) =>
    index.catalog.providersOf(token).map((pkg) => ({ place: index.place, architecture, pkg })),
  );
  // Other branches are of interest where this one has nothing.
  const inBranch = found.filter((one) => one.place.at.branch === place.at.branch);
  return inBranch.length > 0 ? inBranch : found;
}
