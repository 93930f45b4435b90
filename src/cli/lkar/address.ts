/** What an address that was copied from a browser stands for. */
export interface BrowserAddress {
  /** `[SCHEME://]REGISTRY[/IMAGE]` */
  readonly target: string;
  /** Branch and repository; none of an image's page. */
  readonly place: readonly [branch: string, repository: string] | undefined;
  /** `BRANCH/REPOSITORY/ARCH/FILE.apk` of a package or its page. */
  readonly filePath: string | undefined;
}

/** What is behind a repository's own address; `push` and `setup` are shown to be copied too. */
const verbs = /\/(push|setup|key|status\.json|packages\.json|feed\.atom|apk-configuration|[^/]+\.rsa\.pub)$/;

/**
 * Reads the address of a repository, a package or an image as a browser shows it: `…/apk/[<image>/]<branch>/<repository>`, a
 * package file below it or `?arch=&package=&version=` behind it, `…/_images/<image>`. Undefined for anything else.
 */
export function readBrowserAddress(text: string): BrowserAddress | undefined {
  const [, registry, kind, path, query = ''] =
    /^((?:https?:\/\/)?[^/?#\s]+)\/(apk|_images)\/([^?#]+)(?:\?([^#]*))?/.exec(text) ?? [];
  if (registry === undefined || path === undefined) return undefined;
  const plain = decode(path.replace(/(?<!\/)\/+$/, ''));
  if (plain === undefined) return undefined;
  if (kind === '_images') return { target: `${registry}/${plain}`, place: undefined, filePath: undefined };
  const isFile = /\/[^/]+\/[^/]+\.(apk|tar\.gz)$/.test(plain);
  const segments = plain.replace(verbs, '').split('/');
  const [architecture, fileName] = isFile ? segments.splice(-2) : [];
  const [branch, repository] = segments.splice(-2);
  if (branch === undefined || repository === undefined) return undefined;
  const target = [registry, ...segments].join('/');
  const file = isFile && fileName?.endsWith('.apk') === true ? `${architecture ?? ''}/${fileName}` : fileInQuery(query);
  return { target, place: [branch, repository], filePath: file && `${branch}/${repository}/${file}` };
}

/** The file of a package's page. */
function fileInQuery(query: string): string | undefined {
  const parameters = new URLSearchParams(query);
  const [architecture, name, version] = ['arch', 'package', 'version'].map((key) => parameters.get(key));
  return architecture && name && version ? `${architecture}/${name}-${version}.apk` : undefined;
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

type Takes = 'target' | 'place' | 'file';

/** What each command takes behind its name. */
const takenBy: ReadonlyMap<string, Takes> = new Map<string, Takes>([
  ...['push', 'put', 'create', 'upload', 'ls', 'list', 'setup', 'prune', 'log'].map((name) => [name, 'place'] as const),
  ...['rm', 'delete', 'remove', 'pull'].map((name) => [name, 'file'] as const),
  ...['login', 'logout', 'images', 'repositories'].map((name) => [name, 'target'] as const),
]);

/** The arguments of a command line, an address from the browser in the place of `REGISTRY[/IMAGE]` taken apart. */
export function expandAddresses(args: readonly string[]): readonly string[] {
  const at = args.findIndex((arg) => takenBy.has(arg));
  const takes = takenBy.get(args[at] ?? '');
  return args.flatMap((arg, index) => {
    const address = index > at && takes !== undefined ? readBrowserAddress(arg) : undefined;
    if (address === undefined) return [arg];
    const { target, place = [], filePath } = address;
    if (args[index - 1] === '--wait' || takes === 'target') return [target];
    return takes === 'place' ? [target, ...place] : [target, ...(filePath === undefined ? [] : [filePath])];
  });
}
