import { isLoopback } from '../../config/values.ts';
import { GatewayError } from '../../errors.ts';
import { isImageName } from '../../oci/reference.ts';

/** A gateway, and the image there unless it serves one alone, as `REGISTRY[/IMAGE]` names them. */
export interface Target {
  /** `REGISTRY[/IMAGE]` without a scheme: what credentials are kept under. */
  readonly name: string;
  /** `host` or `host:port`. */
  readonly registry: string;
  readonly image: string | undefined;
  /** `https://host:port` */
  readonly origin: string;
}

/**
 * Reads `REGISTRY[/IMAGE]`. It is spoken to over HTTPS, unless it begins with `http://`, or plain HTTP is asked for, or it
 * is this machine (as container tools do). Throws REQUEST_INVALID or IMAGE_INVALID.
 */
export function parseTarget(text: string, options: { readonly isPlainHttp?: boolean | undefined } = {}): Target {
  const [, scheme, registry, path] = /^(?:(https?):\/\/)?([^/@?#\s]+)(?:\/([^?#\s]*))?$/.exec(text) ?? [];
  const host = registry === undefined ? undefined : hostOf(registry);
  if (registry === undefined || host === undefined) {
    throw new GatewayError(
      'REQUEST_INVALID',
      `${JSON.stringify(text)} is no REGISTRY[/IMAGE] such as apk.example.org/team/app`,
    );
  }
  const image = path?.replace(/(?<!\/)\/+$/, '') ?? '';
  if (image !== '' && !isImageName(image)) {
    throw new GatewayError('IMAGE_INVALID', `${JSON.stringify(image)} can't name an image`);
  }
  const isPlain = options.isPlainHttp === true || isLoopback(host.replace(/^\[|\]$/g, ''));
  return {
    name: image === '' ? registry : `${registry}/${image}`,
    registry,
    image: image === '' ? undefined : image,
    origin: `${scheme ?? (isPlain ? 'http' : 'https')}://${registry}`,
  };
}

/** The URL of path segments below the target's origin, each escaped. */
export function urlOf(target: Target, ...segments: readonly string[]): URL {
  return new URL(`${target.origin}/${segments.map(encodeURIComponent).join('/')}`);
}

/** The segments of `/apk[/<image>]`, below which branches are. */
export function imageSegments(target: Target): readonly string[] {
  return ['apk', ...(target.image?.split('/') ?? [])];
}

function hostOf(registry: string): string | undefined {
  const text = `https://${registry}`;
  if (!URL.canParse(text)) return undefined;
  const { host, hostname } = new URL(text);
  // What a parser would rewrite isn't a host as anybody else reads it.
  return host === registry.toLowerCase().replace(/:443$/, '') ? hostname : undefined;
}
