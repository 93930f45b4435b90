import { createReadStream } from 'node:fs';
import { parse, YAMLParseError } from 'yaml';
import * as z from 'zod';
import { parseAge } from '../../../config/duration.ts';
import { GatewayError } from '../../../errors.ts';
import { readBounded } from '../../../files/read-bounded.ts';
import { unreadable } from '../commands/unreadable.ts';

const pattern = z.string().min(1).max(500);
const patterns = z.union([pattern.transform((one) => [one]), z.array(pattern).min(1).max(100)]);
const duration = z
  .union([z.string(), z.number().transform(String)])
  .transform(
    (text, context) =>
      parseAge(text) ?? refuse(context, `${JSON.stringify(text)} is no duration with its unit, such as 30d or 12h`),
  );

const ruleSchema = z
  .strictObject({
    images: patterns,
    branches: patterns.default(['*']),
    repositories: patterns.default(['*']),
    names: patterns.default(['*']),
    keep: z.int().min(1).max(1_000_000).optional(),
    olderThan: duration.optional(),
  })
  .refine(({ keep, olderThan }) => keep !== undefined || olderThan !== undefined, {
    message: 'needs keep or olderThan: without, all but the newest versions would go',
  });
const policySchema = z.strictObject({ rules: z.array(ruleSchema).min(1).max(1000) });

/** What may go from which repositories; of each package the first rule that is about it decides. */
export type PruningRule = z.output<typeof ruleSchema>;

const maxPolicyBytes = 2 ** 20;

/** The rules in a file. Throws FILE_INVALID, SIZE_EXCEEDED. */
export async function readPruningPolicy(file: string): Promise<readonly PruningRule[]> {
  const bytes = await readBounded(createReadStream(file), maxPolicyBytes, file).catch((cause: unknown) => {
    throw cause instanceof GatewayError ? cause : unreadable(file, cause);
  });
  return parsePruningPolicy(Buffer.from(bytes).toString('utf8'), file);
}

/** The rules in a YAML (or JSON) text. Throws FILE_INVALID that names `file` and what is wrong where. */
export function parsePruningPolicy(text: string, file: string): readonly PruningRule[] {
  const parsed = policySchema.safeParse(documentIn(text, file));
  if (parsed.success) return parsed.data.rules;
  const faults = parsed.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')}: ${message}`,
  );
  throw new GatewayError('FILE_INVALID', `${file}: ${faults.join('; ')}`);
}

function documentIn(text: string, file: string): unknown {
  try {
    // Without aliases, a small file can't stand for a large document.
    return parse(text, { maxAliasCount: 0, logLevel: 'error' });
  } catch (error) {
    const [where] = error instanceof YAMLParseError ? error.message.split(/:?\n/) : [];
    throw new GatewayError('FILE_INVALID', `${file} is no YAML${where === undefined ? '' : `: ${where}`}`);
  }
}

function refuse(context: z.core.$RefinementCtx, message: string): never {
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
}
