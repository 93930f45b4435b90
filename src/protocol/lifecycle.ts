import * as z from 'zod';

/** What may be done to packages that are there, or were: the last segment of a path that is posted to. */
export const changeVerbs = ['delete', 'withdraw', 'restore', 'promote', 'prune', 'rollback'] as const;

export type ChangeVerb = (typeof changeVerbs)[number];

/** Bytes of a body that asks for a change. */
export const maxChangeBytes = 4 * 2 ** 20;

const maxReasonLength = 500;
/** Each is held against every package. */
const maxPatterns = 100;
/** A hundred years. */
const maxSeconds = 100 * 366 * 24 * 60 * 60;
const text = z.string().min(1).max(500);
/** What people write about a change: one line of printable text. */
export const reasonSchema = z
  .string()
  .max(maxReasonLength)
  .regex(/^[^\p{C}\u2028\u2029]*$/u, 'one line of printable text');

/** How the note begins that snapshots go on serving what was to be gone at once. */
export const snapshotsNote = 'snapshots serve what they list, also what is gone from the branch';

/** Which packages a change is about: all that a file or a name says. Unknown keys are refused, since a misspelt `dryRun` would do harm. */
export const selectionSchema = z.strictObject({
  files: z
    .array(text)
    .max(50_000)
    .refine((files) => files.filter((file) => file.includes('*')).length <= maxPatterns, 'too many patterns')
    .optional()
    .describe('`<arch>/<file>`, or `<file>` in every architecture; `*` stands for any text'),
  names: z
    .array(text)
    .max(maxPatterns)
    .optional()
    .describe('names of packages, every version; `*` stands for any text'),
});

const how = {
  dryRun: z.boolean().optional().describe('only tells what would be done'),
  reason: reasonSchema.optional().describe('why, for those who look it up later'),
};

/** The body of a bulk deletion, or of a withdrawal. */
export const deletionSchema = selectionSchema.extend(how).extend({
  now: z.boolean().optional().describe('the bytes can be fetched nowhere from now on'),
});

/** The body of a restoring. */
export const restoringSchema = selectionSchema.extend({ dryRun: how.dryRun });

/** The body of a promotion, which is posted to the target. */
export const promotionSchema = z.strictObject({
  from: z
    .strictObject({ image: text.optional(), branch: text, repository: text })
    .describe('where they are; without `image` in the target’s; `<branch>@<name>` is a snapshot'),
  packages: z
    .array(text)
    .min(1)
    .max(10_000)
    .refine((packages) => packages.filter((one) => one.includes('*')).length <= maxPatterns, 'too many patterns')
    .describe('`<name>`, the newest in each architecture, or `<name>=<version>`; `*` in a name stands for any text'),
  withDependencies: z.boolean().optional().describe('takes what they need, as far as the source has it'),
  move: z.boolean().optional().describe('deletes them in the source afterwards'),
  ...how,
});

/** The body of a pruning. A policy that lets everything old go must say so itself, with `keep` or `olderThanSeconds`. */
export const pruningSchema = z
  .strictObject({
    keep: z.int().min(1).max(1_000_000).optional().describe('so many of the newest versions of each name stay'),
    olderThanSeconds: z.int().min(0).max(maxSeconds).optional().describe('only what was pushed so long ago goes'),
    names: z.array(text).min(1).max(maxPatterns).optional().describe('names that it is about; `*` stands for any text'),
    except: z.array(text).max(maxPatterns).optional().describe('names among those that it is not about'),
    ...how,
  })
  .refine(({ keep, olderThanSeconds }) => keep !== undefined || olderThanSeconds !== undefined, {
    message: 'neither keep nor olderThanSeconds is said',
  });

/** The body of a rollback. */
export const rollbackSchema = z.strictObject({ snapshot: text.describe('the name of a snapshot of it'), ...how });

/** What came of one package. */
export const changeOutcomes = ['deleted', 'withdrawn', 'restored', 'promoted', 'kept', 'unchanged'] as const;

/** What a change has done, or would do. */
export const changeSchema = z.object({
  dryRun: z.boolean(),
  packages: z.array(
    z.object({
      architecture: z.string(),
      fileName: z.string(),
      name: z.string(),
      version: z.string(),
      digest: z.string(),
      size: z.int().min(0),
      outcome: z.enum(changeOutcomes),
      reason: z.string().optional().describe('why that came of it'),
    }),
  ),
  missing: z.array(z.string()).describe('what was asked for and is nowhere'),
  notes: z.array(z.string()).describe('what somebody should know of it'),
});

/** `withdrawn.json`: what was withdrawn from a repository and may be restored. */
export const withdrawnSchema = z.object({
  packages: z.array(
    z.object({
      ...{ architecture: z.string(), fileName: z.string(), name: z.string(), version: z.string() },
      ...{ digest: z.string(), size: z.int().min(0) },
      ...{ pushedAt: z.iso.datetime(), pushedBy: z.string().optional() },
      ...{ withdrawnAt: z.iso.datetime(), withdrawnBy: z.string().optional(), reason: z.string().optional() },
      fetchableUntil: z.iso.datetime().optional().describe('until when its path still gives its bytes'),
    }),
  ),
  ...{ total: z.int().min(0), page: z.int().min(1), pages: z.int().min(1) },
  complete: z.boolean().describe('false where more is withdrawn than is counted'),
});

/** What may have happened to a package. */
export const historyEvents = ['published', 'promoted', 'withdrawn', 'restored', 'deleted'] as const;

/** `history.json`: what happened in a repository, as far as the registry remembers, the latest first. */
export const historySchema = z.object({
  events: z.array(
    z.object({
      event: z.enum(historyEvents),
      at: z.iso.datetime(),
      by: z.string().optional(),
      ...{ architecture: z.string(), fileName: z.string(), name: z.string(), version: z.string() },
      digest: z.string().optional(),
      reason: z.string().optional(),
      from: z.string().optional().describe('`<image>/<branch>/<repository>` of a package that was promoted'),
    }),
  ),
  deletionsSince: z.iso.datetime().describe('what was deleted before is forgotten'),
  complete: z.boolean().describe('false where more was deleted since than is told'),
  more: z.boolean().describe('whether there are events before these; `Link` says where'),
});

export type HistoryDocument = z.input<typeof historySchema>;
export type WithdrawnDocument = z.input<typeof withdrawnSchema>;
export type ChangeDocument = z.input<typeof changeSchema>;
export type SelectionDocument = z.output<typeof selectionSchema>;
export type DeletionDocument = z.output<typeof deletionSchema>;
