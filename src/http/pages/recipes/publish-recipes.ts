import { isLoopback } from '../../../config/values.ts';
import type { RepositoryCoordinates } from '../../../protocol/coordinates.ts';
import type { Recipe } from './use-recipes.ts';

/** What recipes for pushing are made of. */
export interface PublishTarget {
  readonly at: RepositoryCoordinates;
  /** The repository's URL without slash at its end. */
  readonly url: string;
  /** Whether the image may not be named. */
  readonly hasSingleImage: boolean;
  /** Whether whoever pushes has to say who they are. */
  readonly needsLogin: boolean;
}

/** How to push packages to a repository, as somebody there would type it. */
export function publishRecipes(target: PublishTarget): readonly Recipe[] {
  const { at, url, hasSingleImage, needsLogin } = target;
  const registry = registryIn(url);
  const image = hasSingleImage ? registry : `${registry}/${at.image}`;
  const user = needsLogin ? '-u USER ' : '';
  const login = needsLogin ? [`lkar login ${image}`] : [];
  return [
    { id: 'push-curl', title: 'curl', text: `curl -fsS ${user}--upload-file demo-1.0-r0.apk ${url}/push` },
    {
      id: 'push-lkar',
      title: 'lkar',
      note: 'Several files at once become visible together.',
      text: [...login, `lkar push ${image} ${at.branch} ${at.repository} *.apk`].join('\n'),
    },
  ];
}

/** As lkar takes it: it speaks HTTPS, but to this machine, unless it is told. */
function registryIn(url: string): string {
  const { protocol, host, hostname } = new URL(url);
  const goesWithoutSaying = protocol === 'https:' || isLoopback(hostname.replace(/^\[|\]$/g, ''));
  return goesWithoutSaying ? host : `${protocol}//${host}`;
}
