import { usualFields } from '../../../config/given.ts';
import { GatewayError } from '../../../errors.ts';
import { parseCoordinates, parseImage } from '../../../protocol/coordinates.ts';
import type { ListedImages } from '../../../repository/service/catalog.ts';
import type { PackageCatalogs } from '../../../repository/catalog/package-catalogs.ts';
import { isRepositoryHost } from '../../request/addressing.ts';
import type { Exchange } from '../../exchange/exchange.ts';
import type { HttpDependencies, HttpSettings } from '../../options.ts';
import { pageOf } from '../../request/paging.ts';
import { splitPath } from '../../request/request-path.ts';
import { ImagePage } from './image-page.tsx';
import type { Crumb, PageFrame } from '../frame/layout.tsx';
import { pageAnswer, seeOther } from '../frame/page-answer.ts';
import type { PageContext, PageRequest } from '../frame/page-context.tsx';
import { withQuery } from '../frame/page-links.ts';
import { publishRecipes } from '../frame/publish-recipes.ts';
import { StartPage, type ShownImages } from './start-page.tsx';

const pageSize = 100;

/** The pages above repositories. */
export interface ImagePages {
  /** `/`: the one image where there is only one, else the way to all. */
  readonly serveStart: (exchange: Exchange) => Promise<Response>;
  /** `/_images/<image>`, and `/_images?image=` as the form has it. */
  readonly serveImage: (exchange: Exchange) => Promise<Response>;
}

type ImagePagesDeps = Pick<HttpDependencies, 'repositories'> & {
  readonly context: PageContext;
  readonly catalogs: PackageCatalogs;
};

export function createImagePages(
  { repositories, catalogs, context }: ImagePagesDeps,
  settings: HttpSettings,
): ImagePages {
  const { singleImage } = settings;

  /** The path under which a host serves an image's repositories. */
  const pathOf = (image: string, frame: PageFrame) => {
    const form = isRepositoryHost(frame.host, settings.domain) ? '' : '/apk';
    return singleImage === undefined ? `${form}/${image}` : form;
  };

  const imagePage = async (image: string, request: PageRequest) => {
    const { caller, signal, frame } = request;
    const [listed, keys] = await Promise.all([
      catalogs.repositoriesOf(image, caller, { signal }),
      repositories.keys(image, caller, { signal }),
    ]);
    const path = pathOf(image, frame);
    const hasSingleImage = singleImage !== undefined;
    const at = {
      image,
      branch: settings.defaultBranch ?? usualFields.http.defaultBranch,
      repository: settings.defaultRepository ?? usualFields.http.defaultRepository,
    };
    const url = `${frame.root}${path}/${at.branch}/${at.repository}`;
    const publish = publishRecipes({ at, url, host: frame.host, hasSingleImage });
    const title = hasSingleImage ? 'Repositories' : image;
    const start: Crumb = { label: 'Images', href: `${frame.prefix}/` };
    const crumbs = [...(hasSingleImage ? [] : [start]), { label: title }];
    const linkTo = (one: { branch: string; repository: string }) =>
      `${frame.prefix}${path}/${one.branch}/${one.repository}`;
    const wanted = { branch: request.query('branch') ?? '', repository: request.query('repository') ?? '' };
    if (wanted.branch !== '') return seeOther(linkTo(parseCoordinates({ image, ...wanted })));
    const props = { frame, title, crumbs, repositories: listed, keys, publish, linkTo };
    return pageAnswer(200, <ImagePage {...props} />);
  };

  const startPage = async (request: PageRequest) => {
    const { caller, signal, frame } = request;
    const exampleUrl = `${frame.root}${pathOf('team/app', frame)}/edge/main`;
    const listed = await repositories.images(caller, { signal });
    const images = listed && shownImages(listed, request);
    return pageAnswer(200, <StartPage frame={frame} images={images} exampleUrl={exampleUrl} />);
  };

  return {
    serveStart: (exchange) =>
      context.answer(exchange, (request) => {
        if (singleImage !== undefined) return imagePage(singleImage, request);
        return startPage(request);
      }),
    serveImage: (exchange) =>
      context.answer(exchange, async (request) => {
        if (singleImage !== undefined) return seeOther(`${request.frame.prefix}/`);
        const wanted = request.query('image');
        if (wanted !== undefined) return seeOther(`${request.frame.prefix}/_images/${imageOf(wanted.split('/'))}`);
        return imagePage(imageOf(splitPath(exchange.path).slice(1)), request);
      }),
  };
}

function shownImages({ names, isComplete }: ListedImages, { frame, query: parameter }: PageRequest): ShownImages {
  const query = (parameter('q') ?? '').slice(0, 200);
  const matching = names.filter((name) => name.includes(query.trim().toLowerCase()));
  const q = query === '' ? undefined : query;
  return {
    query,
    isComplete,
    found: pageOf(matching, parameter('page'), pageSize),
    linkTo: (image) => `${frame.prefix}/_images/${image}`,
    linkToPage: (page) => withQuery(`${frame.prefix}/`, { q, page: page === 1 ? undefined : String(page) }),
  };
}

function imageOf(segments: readonly string[]): string {
  const image = segments.filter((segment) => segment !== '').join('/');
  if (image === '') throw new GatewayError('IMAGE_INVALID', 'the path names no image');
  return parseImage(image.trim());
}
