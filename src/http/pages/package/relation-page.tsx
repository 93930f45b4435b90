import type { ListedPackage } from '../../../repository/service/catalog.ts';
import { pageOf } from '../../request/paging.ts';
import { Layout, type Crumb, type PageFrame } from '../frame/layout.tsx';
import { packageLink } from '../frame/page-links.ts';
import { countOf, shortened } from '../frame/page-text.tsx';
import { Pager } from '../frame/pager.tsx';
import {
  countOfRelated,
  relatedBy,
  relationTitles,
  slicedTo,
  type LookUp,
  type Relation,
} from './package-relations.ts';
import { RelatedList } from './relation-lists.tsx';

export interface RelationPageProps extends LookUp {
  readonly frame: PageFrame;
  readonly crumbs: readonly Crumb[];
  readonly image: string | undefined;
  readonly pkg: ListedPackage;
  readonly relation: Relation;
  /** The number of the page as the query has it. */
  readonly wanted: string | undefined;
}

const pageSize = 100;

/** All that stands in one relation to a package, a hundred a page. */
export function RelationPage(props: RelationPageProps) {
  const { frame, crumbs, image, pkg, relation, wanted, place, architecture, catalog, elsewhere } = props;
  const related = relatedBy(relation, pkg, { place, architecture, catalog, elsewhere });
  const total = countOfRelated(related);
  const { page, pages } = pageOf(Array.from({ length: total }), wanted, pageSize);
  const { name, version } = pkg.entry;
  const title = relationTitles[relation];
  const linkTo = (number: number) => `${packageLink(place, architecture, pkg, relation)}&page=${number}`;
  return (
    <Layout frame={frame} title={`${title}: ${name} ${version}`} crumbs={crumbs} search={{ near: image }}>
      <h1>
        <span class="quiet">{shortened(name, 200)}</span> {title}
      </h1>
      <p class="note">{countOf(total, 'entry', 'entries')}</p>
      <RelatedList
        {...{ place, architecture, catalog, elsewhere, relation }}
        related={slicedTo(related, (page - 1) * pageSize, page * pageSize)}
      />
      <Pager page={page} pages={pages} linkTo={linkTo} />
    </Layout>
  );
}
