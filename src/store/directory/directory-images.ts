import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { isImageName } from '../../oci/reference.ts';
import { refuseAborted } from '../../concurrency/aborted.ts';
import { unlessAbsent } from './directory-fault.ts';
import type { CallOptions, ImageNames } from '../store.ts';

/**
 * Every image below a folder of images, with its own folder. No image name has a part that begins with `_`, and an image's
 * own folders (`_tags` and its like) all do.
 */
export async function* imagesIn(folder: string, image = ''): AsyncGenerator<{ image: string; folder: string }> {
  const names = (await unlessAbsent(readdir(folder))) ?? [];
  if (image !== '' && names.some((name) => name.startsWith('_'))) yield { image, folder };
  for (const name of names.toSorted()) {
    if (!name.startsWith('_')) yield* imagesIn(path.join(folder, name), image === '' ? name : `${image}/${name}`);
  }
}

/** The names of the first `max` images below a folder. */
export async function findImages(
  folder: string,
  { max, signal }: CallOptions & { readonly max: number },
): Promise<ImageNames> {
  const names: string[] = [];
  for await (const { image } of imagesIn(folder)) {
    refuseAborted(signal);
    if (!isImageName(image)) continue;
    if (names.length === max) return { names, isComplete: false };
    names.push(image);
  }
  return { names, isComplete: true };
}
