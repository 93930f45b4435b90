import type { RepositoryCoordinates } from '../../../protocol/coordinates.ts';
import type { Recipe } from './use-recipes.ts';

/** What recipes for pushing are made of. */
export interface PublishTarget {
  readonly at: RepositoryCoordinates;
  /** The repository's URL without slash at its end. */
  readonly url: string;
  readonly host: string;
  /** Whether the image may not be named. */
  readonly hasSingleImage: boolean;
}

/** How to push packages to a repository. */
export function publishRecipes({ at, url, host, hasSingleImage }: PublishTarget): readonly Recipe[] {
  const registry = hasSingleImage ? host : `${host}/${at.image}`;
  const plain = url.startsWith('http:') ? '-H ' : '';
  return [
    {
      id: 'push-curl',
      title: 'curl',
      note: 'Leave -u out where no credentials are asked for.',
      text: `curl -fsS -u USER --upload-file demo-1.0-r0.apk ${url}/push`,
    },
    {
      id: 'push-lkar',
      title: 'lkar',
      note: 'Several files at once become visible together.',
      text: `lkar ${plain}login ${registry}\nlkar ${plain}apk push ${registry} ${at.branch} ${at.repository} *.apk`,
    },
  ];
}
