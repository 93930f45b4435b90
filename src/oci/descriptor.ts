import * as z from 'zod';
import { type Digest, isDigest } from './digest.ts';

/** What a manifest says of one blob (image-spec, Descriptor); members that this program doesn't use are dropped. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** In bytes. */
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

const mediaTypePattern = /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$/;

/** Whether `text` is a media type without parameters (RFC 6838 section 4.2). */
export function isMediaType(text: string): boolean {
  return mediaTypePattern.test(text);
}

/** A media type, as image-spec's descriptors and manifests carry it. */
export const mediaTypeSchema = z.string().refine(isMediaType, 'not a media type');

/** Annotations: a flat map of strings (image-spec, Annotations). */
export const annotationsSchema = z.record(z.string(), z.string());

/** The grammar of a descriptor, of SHA-256 alone: a blob under another algorithm could not be checked. */
export const descriptorSchema = z.object({
  mediaType: mediaTypeSchema,
  digest: z.custom<Digest>(isDigest, 'not a SHA-256 digest'),
  size: z.int().nonnegative(),
  annotations: annotationsSchema.optional(),
});
