import * as z from 'zod';
import { errorCodes } from '../errors.ts';

/**
 * What was found out about a package's own signatures when it was pushed: `valid` is by a key that the gateway knew, `unknown`
 * by none that it knew, `invalid` under the name of a known key but not by it, `none` has no signature, and `unchecked` means
 * that there was no key to check by.
 */
export const signatureVerdicts = ['valid', 'unknown', 'invalid', 'none', 'unchecked'] as const;

const text = z.string();
const bytes = z.int().min(0);

/** A package as `/_packages` and `packages.json` tell of it; absent values are left out. */
export const packageSchema = z.object({
  name: text,
  version: text,
  versionMetadata: z.object({ projectURL: text, description: text, license: text }).partial(),
  fileMetadata: z
    .object({
      checksum: text.describe("apk's own identity of the package, `Q1…`, of v3 packages `Q2…`"),
      architecture: text,
      packager: text.optional(),
      buildDate: z.int().describe('seconds since 1970').optional(),
      size: z.number().describe('installed bytes').optional(),
      origin: text.optional(),
      commitHash: text.optional(),
      installIf: text.optional(),
      provides: z.array(text).optional(),
      dependencies: z.array(text).optional(),
    })
    .meta({ description: 'what the package says of itself' }),
  format: z.enum(['v2', 'v3']).describe('of the package; apk 2 installs v2 alone'),
  size: bytes.describe('bytes of the file'),
  digest: text.describe('SHA-256 of the file, hex'),
  branch: text,
  repo: text,
  filePath: text.describe('`<branch>/<repository>/<arch>/<file>`'),
  pushedAt: z.iso.datetime(),
  pushedBy: text.optional(),
  promotedFrom: text.optional().describe('`<image>/<branch>/<repository>`, of a package that was promoted to here'),
  promotedBy: text.optional(),
  restoredBy: text.optional().describe('who took its withdrawal back'),
  signature: z
    .object({
      verdict: z.enum(signatureVerdicts),
      keyNames: z.array(text).describe('file names of the keys that it is about'),
    })
    .describe("what was found out about the package's own signatures when it was pushed"),
});

const sizeAndCount = z.object({ size: bytes, count: z.int().min(0) });

/** A repository as `/_repositories` tells of it. */
export const repositorySchema = z.object({
  name: text.describe('`<branch>/<repository>`'),
  type: z.literal('apk'),
  size: bytes,
  lastUpdated: z.iso.datetime(),
  metadata: sizeAndCount.describe('the indexes'),
  packages: sizeAndCount,
  branch: text,
  repository: text,
  architectures: z.array(text),
});

const paging = { total: z.int().min(0), page: z.int().min(1), pages: z.int().min(1) };

/** One page of `/_images`. */
export const imagesSchema = z.object({
  ...paging,
  complete: z.boolean().describe('false where there may be more: the registry lists none, or more than were looked at'),
  images: z.array(z.object({ name: text })),
});

/** One page of `packages.json`. */
export const listingSchema = z.object({
  architecture: text,
  ...paging,
  packages: z.array(packageSchema),
});

/** Where a repository's keys are. */
export const configurationSchema = z.object({ jwks_uri: z.url({ protocol: /^https?$/ }) });

/** Public keys (RFC 7517 section 5). */
export const keySetSchema = z.object({
  keys: z.array(
    z.object({
      ...{ kid: text, kty: text, use: text, alg: text.optional() },
      ...{ n: text.optional(), e: text.optional() },
      ...{ crv: text.optional(), x: text.optional(), y: text.optional() },
    }),
  ),
});

/** What `status.json` tells of a repository and each of its architectures. */
export const statusSchema = z.object({
  branch: text,
  repository: text,
  architectures: z.array(
    z.object({
      architecture: text,
      indexDigest: text.optional().describe('of the stored index; left out where there is none'),
      count: z.int().min(0).describe('packages that belong into it'),
      signers: z.array(text),
      comparedAt: z.iso.datetime().optional(),
      isCovering: z.boolean().describe('whether it lists exactly those'),
      rivals: z.array(text),
      missing: z.array(text),
      surplus: z.array(text),
    }),
  ),
});

/** What a push answers to callers who ask for JSON. */
export const pushSchema = z.object({
  packages: z.array(
    z.object({
      fileName: text,
      architecture: text,
      name: text,
      version: text,
      digest: text,
      size: bytes,
      outcome: z.enum(['published', 'unchanged']),
      warnings: z.array(text),
      filePath: text,
    }),
  ),
});

/** Any refusal, as callers get it who ask for `application/problem+json` (RFC 9457). */
export const problemSchema = z.object({
  type: text,
  title: text,
  status: z.int(),
  detail: text,
  code: z.enum([...errorCodes, 'INTERNAL']).describe('what went wrong'),
  message: text,
  details: z.record(text, z.unknown()),
});

/** A readiness that callers asked for as JSON. */
export const readinessSchema = z.object({ isReady: z.boolean(), reasons: z.array(text), warnings: z.array(text) });

export type PackageDocument = z.input<typeof packageSchema>;
export type RepositoryDocument = z.input<typeof repositorySchema>;
export type ImagesDocument = z.input<typeof imagesSchema>;
export type ListingDocument = z.input<typeof listingSchema>;
export type ConfigurationDocument = z.input<typeof configurationSchema>;
export type KeySetDocument = z.input<typeof keySetSchema>;
export type StatusDocument = z.input<typeof statusSchema>;
export type PushDocument = z.input<typeof pushSchema>;
export type ProblemDocument = z.input<typeof problemSchema>;
export type ReadinessDocument = z.input<typeof readinessSchema>;
