import { parse } from 'yaml';
import * as z from 'zod';
import { isLoopback } from '../config/values.ts';
import { GatewayError } from '../errors.ts';
import type { RepositoryCoordinates } from '../protocol/coordinates.ts';
import { matchesAny, matchesGlob } from '../protocol/glob.ts';

const maxValueLength = 1024;
const pattern = z.string().min(1).max(512);
const patterns = z.union([pattern.transform((one) => [one]), z.array(pattern).min(1).max(100)]);
const anywhere = { images: patterns, branches: patterns.default(['*']), repositories: patterns.default(['*']) };

const publisherSchema = z
  .strictObject({
    issuer: z.string().max(512).refine(isIssuer, 'must be an https URL without query or fragment'),
    audience: z.union([
      z
        .string()
        .min(1)
        .transform((one) => [one]),
      z.array(z.string().min(1)).min(1).max(20),
    ]),
    subject: pattern.optional(),
    claims: z.record(z.string(), pattern).default({}),
    ...anywhere,
  })
  .refine(({ subject, claims }) => subject !== undefined || Object.keys(claims).length > 0, {
    message: 'needs a subject or claims: without, everybody with a token of this issuer could push',
  });
const policySchema = z.strictObject({
  publishers: z.array(publisherSchema).max(1000).default([]),
  packageSignatures: z
    .array(z.strictObject({ keys: patterns, ...anywhere }))
    .max(1000)
    .default([]),
});

/** Who may push without an account at the registry, and whose signature packages need. */
export type TrustPolicy = z.output<typeof policySchema>;
/** One rule: tokens of this issuer with these claims may push to these places. */
export type PublisherRule = TrustPolicy['publishers'][number];

/** The policy in a YAML (or JSON) text. Throws CONFIG_INVALID that names `file` and what is wrong where. */
export function parseTrustPolicy(text: string, file: string): TrustPolicy {
  const parsed = policySchema.safeParse(documentIn(text, file));
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new GatewayError('CONFIG_INVALID', `${file}: ${faults.join('; ')}`);
}

/** Whether a rule is about this place. */
export function isAbout(
  rule: {
    readonly images: readonly string[];
    readonly branches: readonly string[];
    readonly repositories: readonly string[];
  },
  at: RepositoryCoordinates,
): boolean {
  return (
    matchesAny(rule.images, at.image) &&
    matchesAny(rule.branches, at.branch) &&
    matchesAny(rule.repositories, at.repository)
  );
}

/** Whether what a verified token says of its bearer is what the rule wants. */
export function fitsClaims(rule: PublisherRule, claims: Readonly<Record<string, unknown>>): boolean {
  const wanted = { ...rule.claims, ...(rule.subject !== undefined && { sub: rule.subject }) };
  return Object.entries(wanted).every(([name, glob]) =>
    valuesOf(claims, name).some((value) => matchesGlob(glob, value)),
  );
}

function documentIn(text: string, file: string): unknown {
  try {
    // Without aliases, a small file can't stand for a large document.
    return parse(text, { maxAliasCount: 0, logLevel: 'error' }) ?? {};
  } catch {
    throw new GatewayError('CONFIG_INVALID', `${file} is no YAML`);
  }
}

/** Keys of a token's issuer are fetched over a line that nobody can change, or from this machine. */
function isIssuer(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.search + url.hash + url.username + url.password !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname.replace(/^\[|\]$/g, '')));
}

// What is longer is nothing that a rule could mean: cut, it would be another value.
function valuesOf(claims: Readonly<Record<string, unknown>>, name: string): readonly string[] {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.flatMap((one) => {
    const text =
      typeof one === 'string' || typeof one === 'number' || typeof one === 'boolean' ? String(one) : undefined;
    return text === undefined || text.length > maxValueLength ? [] : [text];
  });
}
