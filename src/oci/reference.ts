const pathComponent = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const imageNamePattern = new RegExp(`^${pathComponent}(?:/${pathComponent})*$`);
const tagPattern = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;

/** Whether `text` may name an image (distribution-spec, Pulling manifests), at most 255 characters of it. */
export function isImageName(text: string): boolean {
  return text.length <= 255 && imageNamePattern.test(text);
}

/** Whether `text` may be a tag (distribution-spec, Pulling manifests). */
export function isTag(text: unknown): text is string {
  return typeof text === 'string' && tagPattern.test(text);
}
