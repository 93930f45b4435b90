import { usualFields } from '../../config/given.ts';
import type { RepositoryCoordinates } from '../../protocol/coordinates.ts';

/** What decides which image, branch and repository a path stands for. */
export interface AddressingOptions {
  /** The one image that is served; no path and no answer then names it. Default: the path names the image. */
  readonly singleImage?: string | undefined;
  /** `example.org` serves repositories from the root of `apk.example.org` too. Default: none. */
  readonly domain?: string | undefined;
  /** The image of Gitea's upload form. Default: as the settings. */
  readonly giteaImage?: string | undefined;
  /** The image of Buildkite's upload form. Default: as the settings. */
  readonly buildkiteImage?: string | undefined;
  /** The image of artifactd's upload form. Default: as the settings. */
  readonly artifactdImage?: string | undefined;
  /** The branch of uploads whose form names none. Default: as the settings. */
  readonly defaultBranch?: string | undefined;
  /** The repository of uploads whose form names none. Default: as the settings. */
  readonly defaultRepository?: string | undefined;
}

/** The image of Gitea's form. */
export function giteaImage(owner: string, options: AddressingOptions): string {
  // Gitea's owners are case-insensitive; images have no upper case.
  const names = { owner: owner.toLowerCase() };
  return options.singleImage ?? fillTemplate(options.giteaImage ?? usualFields.http.giteaImage, names);
}

/** The repository of Buildkite's form, which names neither branch nor repository. */
export function buildkiteCoordinates(
  names: { readonly org: string; readonly registry: string },
  options: AddressingOptions,
): RepositoryCoordinates {
  const image = options.singleImage ?? fillTemplate(options.buildkiteImage ?? usualFields.http.buildkiteImage, names);
  return { image, ...defaultPlace(options) };
}

/** The repository of artifactd's form, which may name branch and repository beside. */
export function artifactdCoordinates(name: string, options: AddressingOptions): RepositoryCoordinates {
  const image =
    options.singleImage ?? fillTemplate(options.artifactdImage ?? usualFields.http.artifactdImage, { name });
  return { image, ...defaultPlace(options) };
}

function defaultPlace(options: AddressingOptions): { branch: string; repository: string } {
  return {
    branch: options.defaultBranch ?? usualFields.http.defaultBranch,
    repository: options.defaultRepository ?? usualFields.http.defaultRepository,
  };
}

function fillTemplate(template: string, names: Readonly<Record<string, string>>): string {
  return template.replace(/<([a-z]+)>/g, (placeholder, name: string) => names[name] ?? placeholder);
}
