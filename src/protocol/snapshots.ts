import * as z from 'zod';

const count = z.int().min(0);

/** A repository as it was, kept under a name. */
export const snapshotSchema = z.object({
  name: z.string().describe('it is read under `<branch>@<name>`'),
  branch: z.string(),
  repository: z.string(),
  createdAt: z.iso.datetime(),
  createdBy: z.string().optional(),
  architectures: z.array(z.string()),
  packages: z.object({ count, size: count }).describe('its package files, each once, and their bytes'),
});

/** A page of `snapshots.json`, the newest first. */
export const snapshotsSchema = z.object({
  snapshots: z.array(snapshotSchema),
  ...{ total: count, page: z.int().min(1), pages: z.int().min(1) },
});

/** The answer to a removal. */
export const removedSnapshotSchema = z.object({
  name: z.string(),
  freed: z.boolean().describe('false where the registry deletes nothing, so that its packages stay stored'),
  notes: z.array(z.string()).describe('what somebody should know of it'),
});

export type SnapshotDocument = z.input<typeof snapshotSchema>;
export type SnapshotsDocument = z.input<typeof snapshotsSchema>;
export type RemovedSnapshotDocument = z.input<typeof removedSnapshotSchema>;
