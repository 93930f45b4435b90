import { parseCoordinates } from '../../../protocol/coordinates.ts';
import type { Exchange } from '../../exchange/exchange.ts';
import { createPromote } from '../../lifecycle/promotion.ts';
import type { HttpDependencies, HttpSettings } from '../../options.ts';
import { readForm } from '../frame/own-page.ts';
import { pageAnswer } from '../frame/page-answer.ts';
import type { PageRequest } from '../frame/page-context.tsx';
import { imagePath, packageLink, placeBeside, withQuery } from '../frame/page-links.ts';
import type { ManagedPackage } from './managing.tsx';
import { createPageChanges, reasonIn, type PageChangesDeps } from './page-changes.ts';
import { PromotePage, type AskedPromotion } from './promote-page.tsx';
import { PromotionPage } from './promotion-page.tsx';
import { promoteView } from './verbs.ts';

/** Promoting one version by pages: asked for with GET, shown by a first POST, done by a second. */
export interface PromotingPages {
  ask(request: PageRequest, managed: ManagedPackage): Promise<Response>;
  /** Only shows what would be promoted unless the form confirms that. */
  do(exchange: Exchange, request: PageRequest, managed: ManagedPackage): Promise<Response>;
}

export function createPromotingPages(
  deps: Pick<HttpDependencies, 'repositories' | 'trust'> & PageChangesDeps,
  settings: Pick<HttpSettings, 'singleImage' | 'domain'>,
): PromotingPages {
  const changes = createPageChanges(deps);
  const promote = createPromote(deps, settings);
  const hasSingleImage = settings.singleImage !== undefined;

  const framed = ({ frame }: PageRequest, { place, architecture, pkg, crumbs }: ManagedPackage) => {
    const above = { label: pkg.entry.name, href: packageLink(place, architecture, pkg) };
    const action = packageLink(place, architecture, pkg, promoteView);
    return { frame, place, architecture, pkg, action, hasSingleImage, crumbs: [...crumbs, above] };
  };

  /** The package in the target, in the form of address that the source came in. */
  const linkTo = ({ frame }: PageRequest, { place, architecture, pkg }: ManagedPackage, { to }: AskedPromotion) => {
    const path =
      to.image === place.at.image
        ? placeBeside(place, to.branch, to.repository).path
        : `${frame.prefix}${imagePath(to.image, frame, settings)}/${to.branch}/${to.repository}`;
    const { name, version } = pkg.entry;
    return withQuery(path, { arch: architecture, package: name, version });
  };

  return {
    ask: (request, managed) => pageAnswer(200, <PromotePage {...framed(request, managed)} />),

    async do(exchange, request, managed) {
      const form = await readForm(exchange);
      const { at: from } = managed.place;
      const asked = askedIn(form, from.image);
      const { to, withDependencies, isMove, reason } = asked;
      const { name, version } = managed.pkg.entry;
      const packages = [`${name}=${version}`];
      const isDryRun = form.get('confirmed') === null;
      const source = `${from.image}/${from.branch}/${from.repository}`;
      const audited = { action: promoteView, at: to, files: packages, reason, from: source, isMove } as const;
      // Without the request's signal: half a change helps nobody.
      const change = await changes.packages(exchange, request, audited, () =>
        promote({ from, to, packages }, request.caller, { withDependencies, isMove, isDryRun, reason }),
      );
      const props = { ...framed(request, managed), asked, change, href: linkTo(request, managed, asked) };
      return pageAnswer(200, <PromotionPage {...props} />);
    },
  };
}

/** What the form asks for; throws IMAGE_INVALID, BRANCH_INVALID, REPOSITORY_INVALID, REQUEST_INVALID. */
function askedIn(form: URLSearchParams, ownImage: string): AskedPromotion {
  const field = (name: string) => (form.get(name) ?? '').trim();
  const image = field('image') === '' ? ownImage : field('image');
  return {
    to: parseCoordinates({ image, branch: field('branch'), repository: field('repository') }),
    withDependencies: form.get('dependencies') !== null,
    isMove: form.get('move') !== null,
    reason: reasonIn(form),
  };
}
