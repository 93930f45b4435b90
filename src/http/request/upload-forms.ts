import type { RepositoryCoordinates } from '../../protocol/coordinates.ts';

/** What decides which image, branch and repository a path stands for. */
export interface AddressingOptions {
  /** The one image that is served; no path and no answer then names it. Default: the path names the image. */
  readonly singleImage?: string | undefined;
  /** `example.org` serves repositories from the root of `apk.example.org` too. Default: none. */
  readonly domain?: string | undefined;
  /** The image of Gitea's upload form. Default `<owner>/alpine`. */
  readonly giteaImage?: string | undefined;
  /** The image of Buildkite's upload form. Default `<org>/<registry>`. */
  readonly buildkiteImage?: string | undefined;
  /** The image of artifactd's upload form. Default `<name>`. */
  readonly artifactdImage?: string | undefined;
  /** The branch of uploads whose form names none. Default `edge`. */
  readonly defaultBranch?: string | undefined;
  /** The repository of uploads whose form names none. Default `main`. */
  readonly defaultRepository?: string | undefined;
}

/** The image of Gitea's form, `<owner>/alpine` by default. */
export function giteaImage(owner: string, options: AddressingOptions): string {
  // Gitea's owners are case-insensitive; images have no upper case.
  const names = { owner: owner.toLowerCase() };
  return options.singleImage ?? fillTemplate(options.giteaImage ?? '<owner>/alpine', names);
}

/** The repository of Buildkite's form, which names neither branch nor repository. */
export function buildkiteCoordinates(
  names: { readonly org: string; readonly registry: string },
  options: AddressingOptions,
): RepositoryCoordinates {
  const image = options.singleImage ?? fillTemplate(options.buildkiteImage ?? '<org>/<registry>', names);
  return { image, ...defaultPlace(options) };
}

/** The repository of artifactd's form, which may name branch and repository beside. */
export function artifactdCoordinates(name: string, options: AddressingOptions): RepositoryCoordinates {
  const image = options.singleImage ?? fillTemplate(options.artifactdImage ?? '<name>', { name });
  return { image, ...defaultPlace(options) };
}

function defaultPlace(options: AddressingOptions): { branch: string; repository: string } {
  return { branch: options.defaultBranch ?? 'edge', repository: options.defaultRepository ?? 'main' };
}

function fillTemplate(template: string, names: Readonly<Record<string, string>>): string {
  return template.replace(/<([a-z]+)>/g, (placeholder, name: string) => names[name] ?? placeholder);
}
