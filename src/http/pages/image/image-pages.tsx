import { usualFields } from '../../../config/given.ts';
import { GatewayError } from '../../../errors.ts';
import { parseCoordinates, parseImage } from '../../../protocol/coordinates.ts';
import type { PackageCatalogs } from '../../../repository/catalog/package-catalogs.ts';
import type { Exchange } from '../../exchange/exchange.ts';
import type { HttpDependencies, HttpSettings } from '../../options.ts';
import { splitPath } from '../../request/request-path.ts';
import type { Crumb, PageFrame } from '../frame/layout.tsx';
import { pageAnswer, seeOther } from '../frame/page-answer.ts';
import type { PageContext, PageRequest } from '../frame/page-context.tsx';
import { imagePath } from '../frame/page-links.ts';
import { publishRecipes } from '../recipes/publish-recipes.ts';
import { ImagePage } from './image-page.tsx';
import { createShownImages } from './shown-images.ts';
import { StartPage } from './start-page.tsx';

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

export function createImagePages(deps: ImagePagesDeps, settings: HttpSettings): ImagePages {
  const { repositories, catalogs, context } = deps;
  const { singleImage } = settings;
  const hasSingleImage = singleImage !== undefined;
  const shownImages = createShownImages(deps);

  const publishTo = (image: string, frame: PageFrame) => {
    const at = { image, ...usualPlace(settings) };
    const url = `${frame.root}${imagePath(image, frame, settings)}/${at.branch}/${at.repository}`;
    return publishRecipes({ at, url, hasSingleImage, needsLogin: frame.canLogIn });
  };

  const imagePage = async (image: string, request: PageRequest) => {
    const { caller, signal, frame } = request;
    const path = `${frame.prefix}${imagePath(image, frame, settings)}`;
    const linkTo = (one: { branch: string; repository: string }) => `${path}/${one.branch}/${one.repository}`;
    const wanted = { branch: request.query('branch') ?? '', repository: request.query('repository') ?? '' };
    if (wanted.branch !== '') return seeOther(linkTo(parseCoordinates({ image, ...wanted })));
    const [listed, keys] = await Promise.all([
      catalogs.repositoriesOf(image, caller, { signal }),
      repositories.keys(image, caller, { signal }),
    ]);
    const isThere = hasSingleImage || listed === undefined || listed.length > 0;
    const naming = namingOf(image, frame, hasSingleImage);
    const props = { frame, ...naming, repositories: listed, keys, publish: publishTo(image, frame), linkTo };
    return pageAnswer(isThere ? 200 : 404, <ImagePage {...props} />);
  };

  const startPage = async (request: PageRequest) => {
    const images = await shownImages(request);
    return pageAnswer(
      200,
      <StartPage
        frame={request.frame}
        images={images}
        hasPrivate={settings.readsForAnybody !== true}
        publish={publishTo('team/app', request.frame)}
      />,
    );
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

function usualPlace({ defaultBranch, defaultRepository }: HttpSettings) {
  return {
    branch: defaultBranch ?? usualFields.http.defaultBranch,
    repository: defaultRepository ?? usualFields.http.defaultRepository,
  };
}

/** The image's name in all places of its page; none where it may not be named. */
function namingOf(image: string, { prefix }: PageFrame, hasSingleImage: boolean) {
  if (hasSingleImage) return { title: 'Repositories', crumbs: [], near: undefined };
  const crumbs: readonly Crumb[] = [{ label: 'Images', href: `${prefix}/` }, { label: image }];
  return { title: image, crumbs, near: image };
}

function imageOf(segments: readonly string[]): string {
  const image = segments.filter((segment) => segment !== '').join('/');
  if (image === '') throw new GatewayError('IMAGE_INVALID', 'the path names no image');
  return parseImage(image.trim());
}
