import { GatewayError } from '../../errors.ts';
import { isArchitecture } from '../../apk/package-name.ts';
import { isImageName } from '../../oci/reference.ts';
import { parseReadCoordinates, type RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { ChangeVerb } from '../../protocol/lifecycle.ts';
import {
  changeVerbOf,
  fileOfFacts,
  indexFormatOf,
  isKeyFile,
  isPackageFile,
  isReservedFirstSegment,
  verbOf,
  type Verb,
} from '../../protocol/words.ts';
import { splitPath } from './request-path.ts';
import { buildkiteCoordinates, giteaImage, type AddressingOptions } from './upload-forms.ts';

/** A repository as a request addressed it. */
export interface RepositoryBase {
  readonly at: RepositoryCoordinates;
  /** The path that stands for it, without slash at its end: what a client may be told to use again. */
  readonly path: string;
}

/** One of the two ways to read a path that ends in a file. */
export interface FileReading {
  readonly base: RepositoryBase;
  /** The last folder, where this reading takes it for one. */
  readonly architecture: string | undefined;
}

/** A package file; the reading with an architecture comes first where the path is long enough for it. */
export interface FileAddress {
  readonly kind: 'file';
  readonly fileName: string;
  readonly folder: string | undefined;
  readonly readings: readonly FileReading[];
}

/** The index of an architecture, in the form of either format. */
export interface IndexAddress {
  readonly kind: 'index';
  readonly format: 'v2' | 'v3';
  readonly base: RepositoryBase;
  readonly architecture: string;
}

/** Where a request points; whether anything is there is another question. */
export type Address =
  | FileAddress
  /** What is known of that file. */
  | (Omit<FileAddress, 'kind'> & { readonly kind: 'facts' })
  | IndexAddress
  | { readonly kind: 'named-key'; readonly base: RepositoryBase; readonly fileName: string }
  | { readonly kind: Verb | 'base'; readonly base: RepositoryBase }
  /** A change of what is there. */
  | { readonly kind: 'change'; readonly base: RepositoryBase; readonly verb: ChangeVerb }
  /** The key of a whole image, or of the gateway where the path names no image. */
  | { readonly kind: 'image-key'; readonly image: string | undefined };

/** The segments behind a form's own prefix, and the image where the form or the gateway fixes it. */
interface Form {
  readonly prefix: readonly string[];
  readonly rest: readonly string[];
  readonly image: string | undefined;
  readonly options: AddressingOptions;
}

/**
 * Reads host and path in every way that a repository can be addressed: `/apk/…` on every host, the root of
 * `apk.<domain>`, the short form at the root, Gitea's and Buildkite's bases; the image in the path (greedy) or fixed.
 * Undefined where the path is too short or another route's. Throws REQUEST_INVALID, or the code of the name at fault.
 */
export function parseAddress(host: string, path: string, options: AddressingOptions): Address | undefined {
  const form = formOf(host, splitPath(path), options);
  return form === undefined ? undefined : addressIn(form);
}

/** Whether a request to that host addresses repositories from the root: `apk.example.org` with the domain `example.org`. */
export function isRepositoryHost(host: string, domain: string | undefined): boolean {
  return domain !== undefined && host.replace(/:\d+$/, '').toLowerCase() === `apk.${domain.toLowerCase()}`;
}

function formOf(host: string, segments: readonly string[], options: AddressingOptions): Form | undefined {
  const [first] = segments;
  if (first === undefined) return undefined;
  if (first === 'apk') return { prefix: ['apk'], rest: segments.slice(1), image: options.singleImage, options };
  if (first === 'api') return giteaForm(segments, options);
  if (isReservedFirstSegment(first)) return undefined;
  // With a domain, only its own host serves repositories from the root; other hosts may have pages there.
  if (options.domain !== undefined && !isRepositoryHost(host, options.domain)) return undefined;
  return { prefix: [], rest: segments, image: options.singleImage, options };
}

function giteaForm(segments: readonly string[], options: AddressingOptions): Form | undefined {
  const [, packages, owner, type] = segments;
  if (packages !== 'packages' || type !== 'alpine' || owner === undefined) return undefined;
  return { prefix: segments.slice(0, 4), rest: segments.slice(4), image: giteaImage(owner, options), options };
}

function addressIn(form: Form): Address | undefined {
  const folder = form.rest.slice(0, -1);
  const last = form.rest.at(-1);
  if (last === undefined) return undefined;
  if (last === 'key' && folder.length === 0) return { kind: 'image-key', image: form.image };
  const format = indexFormatOf(last);
  if (format !== undefined) return indexIn(form, folder, format);
  if (isPackageFile(last)) return fileIn(form, folder, last);
  const described = fileOfFacts(last);
  if (described !== undefined) return factsIn(form, folder, described);
  const change = changeVerbOf(last);
  if (change !== undefined) return changeIn(form, folder, change);
  const isNamedKey = isKeyFile(last);
  const verb = verbOf(last);
  const base = baseOf(form, isNamedKey || verb !== undefined ? folder : form.rest);
  if (base === undefined) return verb === 'key' ? imageKeyIn(form, folder) : undefined;
  return isNamedKey ? { kind: 'named-key', base, fileName: last } : { kind: verb ?? 'base', base };
}

function changeIn(form: Form, folder: readonly string[], verb: ChangeVerb): Address | undefined {
  const base = baseOf(form, folder);
  return base && { kind: 'change', base, verb };
}

/** `apk setup` of a known client asks for `/apk/<image>/key`, where the path is too short to name a branch. */
function imageKeyIn(form: Form, folder: readonly string[]): Address | undefined {
  const image = folder.join('/');
  return form.image === undefined && isImageName(image) ? { kind: 'image-key', image } : undefined;
}

function indexIn(form: Form, folder: readonly string[], format: IndexAddress['format']): Address | undefined {
  const reading = readWithArchitecture(form, folder);
  return reading && { kind: 'index', format, base: reading.base, architecture: reading.architecture };
}

function fileIn(form: Form, folder: readonly string[], fileName: string): FileAddress | undefined {
  const outcomes = [attempt(() => readWithArchitecture(form, folder)), attempt(() => readWithout(form, folder))];
  const readings = outcomes.flatMap((outcome) => outcome.value ?? []);
  if (readings.length > 0) return { kind: 'file', fileName, folder: folder.at(-1), readings };
  const failed = outcomes.find((outcome) => 'fault' in outcome);
  if (failed !== undefined) throw failed.fault;
  return undefined;
}

function factsIn(form: Form, folder: readonly string[], fileName: string): Address | undefined {
  const file = fileIn(form, folder, fileName);
  return file && { ...file, kind: 'facts' };
}

function readWithArchitecture(form: Form, folder: readonly string[]) {
  const base = baseOf(form, folder.slice(0, -1));
  const architecture = folder.at(-1);
  if (base === undefined || architecture === undefined) return undefined;
  if (isArchitecture(architecture)) return { base, architecture };
  const message = `${JSON.stringify(architecture)} can't name an architecture`;
  throw new GatewayError('ARCHITECTURE_INVALID', message, { details: { architecture } });
}

function readWithout(form: Form, folder: readonly string[]): FileReading | undefined {
  const base = baseOf(form, folder);
  return base && { base, architecture: undefined };
}

function attempt<T>(read: () => T): { readonly value?: T; readonly fault?: unknown } {
  try {
    return { value: read() };
  } catch (fault) {
    return { fault };
  }
}

function baseOf(form: Form, segments: readonly string[]): RepositoryBase | undefined {
  const coordinates = buildkiteAlias(form, segments) ?? coordinatesIn(form, segments);
  if (coordinates === undefined) return undefined;
  return { at: parseReadCoordinates(coordinates), path: `/${[...form.prefix, ...segments].join('/')}` };
}

function coordinatesIn(form: Form, segments: readonly string[]): RepositoryCoordinates | undefined {
  const [branch, repository] = segments.slice(-2);
  const isLongEnough = form.image === undefined ? segments.length > 2 : segments.length === 2;
  if (!isLongEnough || branch === undefined || repository === undefined) return undefined;
  return { image: form.image ?? segments.slice(0, -2).join('/'), branch, repository };
}

/** Buildkite's documentation gives apk `/<org>/<registry>/alpine_any/alpine_any/main` for what its form uploads. */
function buildkiteAlias(form: Form, segments: readonly string[]): RepositoryCoordinates | undefined {
  const [org, registry, ...tail] = segments;
  const isAlias = form.prefix.length === 0 && tail.join('/') === 'alpine_any/alpine_any/main';
  if (!isAlias || org === undefined || registry === undefined) return undefined;
  return buildkiteCoordinates({ org, registry }, form.options);
}
