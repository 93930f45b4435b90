import * as z from 'zod';
import {
  imagesSchema,
  keySetSchema,
  packageSchema,
  pushSchema,
  repositorySchema,
} from '../../../protocol/documents.ts';
import { changeSchema, historySchema, withdrawnSchema } from '../../../protocol/lifecycle.ts';
import { snapshotSchema, snapshotsSchema } from '../../../protocol/snapshots.ts';

// As the gateway writes them (src/protocol), as far as they are needed: gateways of other makes, and older and newer ones, tell
// less or more.
const pushedFile = pushSchema.shape.packages.element;
/** The answer to a push. */
export const pushedSchema = z.object({
  packages: z.array(
    pushedFile
      .pick({ fileName: true, architecture: true, filePath: true, outcome: true })
      .extend({ warnings: pushedFile.shape.warnings.default([]) })
      .loose(),
  ),
});
const { fileMetadata, signature } = packageSchema.shape;
/** A package of a listing. */
export const packageLine = packageSchema
  .pick({ name: true, version: true, size: true, branch: true, repo: true, filePath: true })
  .extend({
    fileMetadata: fileMetadata.pick({ architecture: true }).partial().loose().optional(),
    signature: signature.extend({ verdict: z.string() }).loose().optional(),
    format: z.string().optional(),
    digest: z.string().optional(),
  })
  .loose();
const { packages: countOfPackages, name: repositoryName } = repositorySchema.shape;
/** A repository of a listing. */
export const repositoryLine = repositorySchema
  .pick({ size: true })
  .extend({ name: repositoryName.optional(), lastUpdated: z.string(), packages: countOfPackages.loose() })
  .loose();
/** A page of images. */
export const imagesPage = imagesSchema.pick({ pages: true, complete: true }).extend({
  images: z.array(imagesSchema.shape.images.element.loose()),
});
/** A JWK set (RFC 7517). */
export const keySet = z.object({
  keys: z.array(keySetSchema.shape.keys.element.pick({ kid: true, kty: true }).loose()).max(64),
});

const changedPackage = changeSchema.shape.packages.element;
/** The answer to a change; outcomes that this version does not know are taken as they are. */
export const change = changeSchema.extend({
  packages: z.array(changedPackage.extend({ outcome: z.string() }).loose()),
  missing: changeSchema.shape.missing.default([]),
  notes: changeSchema.shape.notes.default([]),
});

/** The answer of `withdrawn.json`. */
export const withdrawn = z.object({
  packages: z.array(withdrawnSchema.shape.packages.element.loose()),
  pages: withdrawnSchema.shape.pages,
});

/** The answer of `history.json`; events that this version does not know are taken as they are. */
export const history = historySchema.extend({
  events: z.array(historySchema.shape.events.element.extend({ event: z.string() }).loose()),
});

/** A history, as far as it is remembered. */
export type HistoryAnswer = z.output<typeof history>;
/** One event of a history. */
export type HistoryLine = z.output<typeof history>['events'][number];
/** One package that was withdrawn. */
export type WithdrawnLine = z.output<typeof withdrawn>['packages'][number];
/** A snapshot of a listing. */
export const snapshotLine = snapshotSchema.loose();
/** A page of `snapshots.json`; older gateways tell all at once. */
export const snapshots = z.object({
  snapshots: z.array(snapshotLine),
  pages: snapshotsSchema.shape.pages.default(1),
});
/** A snapshot. */
export type SnapshotLine = z.output<typeof snapshotLine>;
/** What a change has done, or would do. */
export type ChangeLine = z.output<typeof change>;
/** One file of a push, as the gateway took it. */
export type PushedFile = z.output<typeof pushedSchema>['packages'][number];
/** One package of a listing; whatever else the gateway tells stays in it. */
export type PackageLine = z.output<typeof packageLine>;
/** One repository of a listing. */
export type RepositoryLine = z.output<typeof repositoryLine>;
/** One image of a listing. */
export type ImageLine = z.output<typeof imagesPage>['images'][number];
/** A public key of a JWK set (RFC 7517). */
export type PublicJwk = z.output<typeof keySet>['keys'][number];
