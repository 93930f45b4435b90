import { GatewayError } from '../../errors.ts';
import { parseCoordinates } from '../../repository/coordinates.ts';
import { isRepositoryHost } from '../addressing.ts';
import type { HttpContext, HttpDependencies, HttpSettings } from '../http-options.ts';
import { splitPath } from '../request-path.ts';
import { ImagePage } from './image-page.tsx';
import type { Crumb, PageFrame } from './layout.tsx';
import { pageAnswer, seeOther } from './page-answer.ts';
import type { PageContext, PageRequest } from './page-context.tsx';
import { publishRecipes } from './publish-recipes.ts';
import { StartPage } from './start-page.tsx';

/** The pages above repositories. */
export interface ImagePages {
  /** `/`: the one image where there is only one, else the way to all. */
  readonly serveStart: (c: HttpContext) => Promise<Response>;
  /** `/_images/<image>`, and `/_images?image=` as the form has it. */
  readonly serveImage: (c: HttpContext) => Promise<Response>;
}

type ImagePagesDeps = Pick<HttpDependencies, 'repositories'> & { readonly context: PageContext };

export function createImagePages({ repositories, context }: ImagePagesDeps, settings: HttpSettings): ImagePages {
  const { singleImage } = settings;

  /** The path under which a host serves an image's repositories. */
  const pathOf = (image: string, frame: PageFrame) => {
    const form = isRepositoryHost(frame.host, settings.domain) ? '' : '/apk';
    return singleImage === undefined ? `${form}/${image}` : form;
  };

  const imagePage = async (image: string, request: PageRequest) => {
    const { caller, signal, frame } = request;
    const [listed, keys] = await Promise.all([
      repositories.repositories(image, caller, { signal }),
      repositories.keys(image, caller, { signal }),
    ]);
    const path = pathOf(image, frame);
    const hasSingleImage = singleImage !== undefined;
    const at = { image, branch: settings.defaultBranch ?? 'edge', repository: settings.defaultRepository ?? 'main' };
    const url = `${frame.root}${path}/${at.branch}/${at.repository}`;
    const publish = publishRecipes({ at, url, host: frame.host, hasSingleImage });
    const title = hasSingleImage ? 'Repositories' : image;
    const start: Crumb = { label: 'Images', href: `${frame.prefix}/` };
    const crumbs = [...(hasSingleImage ? [] : [start]), { label: title }];
    const linkTo = (one: { branch: string; repository: string }) =>
      `${frame.prefix}${path}/${one.branch}/${one.repository}`;
    const props = { frame, title, crumbs, repositories: listed, keys, publish, linkTo };
    return pageAnswer(200, <ImagePage {...props} />);
  };

  return {
    serveStart: (c) =>
      context.answer(c, (request) => {
        if (singleImage !== undefined) return imagePage(singleImage, request);
        const exampleUrl = `${request.frame.root}${pathOf('team/app', request.frame)}/edge/main`;
        return pageAnswer(200, <StartPage frame={request.frame} images={[]} exampleUrl={exampleUrl} />);
      }),
    serveImage: (c) =>
      context.answer(c, async (request) => {
        if (singleImage !== undefined) return seeOther(`${request.frame.prefix}/`);
        const wanted = request.query('image');
        if (wanted !== undefined) return seeOther(`${request.frame.prefix}/_images/${imageOf(wanted.split('/'))}`);
        return imagePage(imageOf(splitPath(c.req.path).slice(1)), request);
      }),
  };
}

function imageOf(segments: readonly string[]): string {
  const image = segments.filter((segment) => segment !== '').join('/');
  if (image === '') throw new GatewayError('IMAGE_INVALID', 'the path names no image');
  return parseCoordinates({ image: image.trim(), branch: 'x', repository: 'x' }).image;
}
