import { z } from 'zod';
import type { SettingName } from './settings.ts';
import {
  aesKeyValue,
  countValue,
  durationValue,
  firstLineOfFile,
  isLoopback,
  limitValue,
  listenValue,
  registryHostValue,
  sizeValue,
  textValue,
  workersValue,
  type ListenAddress,
} from './values.ts';
import { isImageName } from '../oci/reference.ts';
import { isBranchOrRepository } from '../protocol/coordinates.ts';

const nameValue = textValue.refine(isBranchOrRepository, "can't name a branch or repository");
const switchValue = z.literal(true).optional().transform(Boolean);

const schemas = {
  addr: listenValue.optional(),
  'tls-cert': textValue.optional(),
  'tls-key': textValue.optional(),
  domain: textValue.regex(/^[A-Za-z0-9.-]+$/, 'is no domain').optional(),
  'trusted-proxy': z.array(textValue).default([]),
  'disable-ui': switchValue,
  'metrics-addr': listenValue.optional(),
  workers: workersValue.default(1),
  'drain-timeout': durationValue.default(30_000),
  backend: registryHostValue.optional(),
  'no-https': switchValue,
  insecure: switchValue,
  'client-ca': textValue.optional(),
  'anonymous-as-gateway': z
    .union([z.literal(true).transform(() => 'read' as const), z.enum(['read', 'write'])])
    .optional(),
  'registry-auth-file': textValue.optional(),
  'registry-requests': limitValue.default(0),
  'redirect-blobs': switchValue,
  data: textValue.default('./data'),
  htpasswd: textValue.optional(),
  'htpasswd-writers': z.array(textValue).optional(),
  'public-read': switchValue,
  'insecure-open': switchValue,
  'trusted-publishers': textValue.optional(),
  'require-signed-by': z.array(textValue).default([]),
  'known-signers': z.array(textValue).default([]),
  'signing-key': z.array(textValue).default([]),
  'aes-key': aesKeyValue.optional(),
  'key-passphrase': textValue.optional(),
  'key-passphrase-file': firstLineOfFile.optional(),
  'sha1-signatures': switchValue,
  'public-keys': switchValue,
  'gitea-image': textValue.default('<owner>/alpine'),
  'buildkite-image': textValue.default('<org>/<registry>'),
  'artifactd-image': textValue.default('<name>'),
  'default-branch': nameValue.default('edge'),
  'default-repository': nameValue.default('main'),
  freshness: durationValue.default(1000),
  recheck: durationValue.default(60_000),
  'rights-ttl': durationValue.default(60_000),
  'stale-for': durationValue.default(600_000),
  'publish-timeout': durationValue.default(30_000),
  'max-package-size': sizeValue.default(4 * 2 ** 30),
  'max-uploads': countValue.default(32),
  'upload-queue': limitValue.default(64),
  'upload-wait': durationValue.default(20_000),
  'keep-superseded': z.union([z.literal('forever').transform(() => Infinity), durationValue]).default(3_600_000),
  'package-cache': sizeValue.default(64 * 2 ** 20),
  'temp-dir': textValue.optional(),
  'max-refusals': limitValue.default(30),
  'rate-limit': limitValue.default(0),
  'log-level': z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  'log-format': z.enum(['auto', 'json', 'text']).default('auto'),
  'audit-log': textValue.optional(),
} satisfies Record<SettingName, z.ZodType>;

/** The grammar of every setting, with its default. */
export const givenSchema = z.object({
  ...schemas,
  image: textValue.refine(isImageName, "can't name an image").optional(),
});

/** Settings that are right each by itself. */
export type Given = z.output<typeof givenSchema>;

/** What is right by itself and wrong together, a sentence a fault. `listen` is where the gateway will listen. */
export function contradictionsOf(given: Given, listen: ListenAddress): readonly string[] {
  const isReachable = !isLoopback(listen.host);
  const isEmbedded = given.backend === undefined;
  const isOpen = given['insecure-open'];
  const rules: readonly (readonly [boolean, string])[] = [
    [(given['tls-cert'] === undefined) !== (given['tls-key'] === undefined), '--tls-cert and --tls-key go together'],
    [
      given['key-passphrase'] !== undefined && given['key-passphrase-file'] !== undefined,
      '--key-passphrase and --key-passphrase-file exclude each other',
    ],
    [
      isEmbedded && isReachable && given.htpasswd === undefined && !isOpen,
      '--addr: others can reach this address and the embedded store asks nobody who they are; give --htpasswd or --insecure-open',
    ],
    [
      !isEmbedded && given.htpasswd !== undefined,
      '--htpasswd is for the embedded store; with --backend the registry judges',
    ],
    [given.htpasswd === undefined && given['htpasswd-writers'] !== undefined, '--htpasswd-writers needs --htpasswd'],
    [
      given.htpasswd === undefined && given['public-read'],
      '--public-read needs --htpasswd: without users everybody reads already, and pushes too',
    ],
    [isEmbedded && given['anonymous-as-gateway'] !== undefined, '--anonymous-as-gateway needs --backend'],
    [
      given['anonymous-as-gateway'] === 'write' && isReachable && !isOpen,
      '--anonymous-as-gateway=write: others can reach this address and would push without credentials; give --insecure-open too',
    ],
  ];
  return rules.flatMap(([isBroken, text]) => (isBroken ? [text] : []));
}
