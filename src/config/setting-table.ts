import * as z from 'zod';
import { isBranchOrRepository } from '../protocol/coordinates.ts';
import {
  duration,
  file,
  limit,
  list,
  optional,
  size,
  switchOff,
  switchOn,
  template,
  text,
  textOr,
  type SettingRow,
} from './setting.ts';
import {
  aesKeyValue,
  countValue,
  durationValue,
  firstLineOfFile,
  listenValue,
  registryHostValue,
  sizeValue,
  textValue,
  workersValue,
} from './values.ts';

const nameValue = textValue.refine(isBranchOrRepository, "can't name a branch or repository");
const domainValue = textValue.regex(/^[A-Za-z0-9.-]+$/, 'is no domain');
const lendingValue = z.union([z.literal(true).transform(() => 'read' as const), z.enum(['read', 'write'])]);
const keepingValue = z.union([z.literal('forever').transform(() => Infinity), durationValue]);

/**
 * Every setting, said once: its field in the configuration, what its value is called, its grammar, its default and what it does.
 * A new one is a row here and the place that uses its field.
 */
export const settingGroups = {
  Listening: {
    addr: text('', 'HOST:PORT', listenValue, 'address to listen on', ':9887; 127.0.0.1:9887 on the embedded store'),
    'tls-cert': file('', 'certificate chain, PEM'),
    'tls-key': file('', 'its private key, PEM'),
    domain: text('http.domain', 'DOMAIN', domainValue, 'serve repositories at the root of apk.DOMAIN too'),
    'host-name': list(
      'http.hostNames',
      'NAME',
      'a public name under which people reach a gateway that reads for anybody',
      'none',
    ),
    'trusted-proxy': list('http.trustedProxies', 'CIDR', 'believe X-Forwarded-* from these addresses', 'none'),
    'disable-ui': switchOff('http.isUiEnabled', 'no pages for browsers'),
    'metrics-addr': text(
      'metricsListen',
      'HOST:PORT',
      listenValue,
      'serve /metrics there and not at --addr (it names no image and no package)',
    ),
    workers: textOr('workers', 'COUNT|auto', workersValue, '1', 'processes that serve together; auto: one a core'),
    'drain-timeout': duration('drainTimeoutMs', '30s', 'how long a stop waits for requests under way'),
  },
  'Registry behind the gateway': {
    backend: text(
      '',
      'HOST[:PORT]',
      registryHostValue,
      'registry that keeps the packages',
      'none: packages are kept in --data',
    ),
    'no-https': switchOn('', 'speak plain HTTP to it'),
    insecure: switchOn('', "don't check its certificate"),
    'client-ca': file('', 'certificate authorities to check it against, PEM', "the system's"),
    'anonymous-as-gateway': optional(
      'http.anonymousAsGateway',
      'read|write',
      lendingValue,
      "let callers without credentials use the gateway's own",
      'off; read without a value',
    ),
    'registry-auth-file': file('', "the gateway's own credentials", 'as container tools find them'),
    'registry-requests': limit('', '0', 'requests to it for one image and minute; 0: any number'),
    'redirect-blobs': switchOn(
      'http.redirectBlobs',
      "send clients to the registry's own URL for a package (apko can't follow it)",
    ),
  },
  'Embedded store': {
    data: textOr(
      'dataDirectory',
      'DIR',
      textValue,
      './data',
      'folder of the embedded store, and of a key made by lkard',
    ),
    htpasswd: file('', 'users of the embedded store, bcrypt (htpasswd -B)'),
    'htpasswd-writers': list('', 'USER', 'the users who may push and delete', 'all of them'),
    'public-read': switchOn('', 'let everybody read, and the users of --htpasswd push and delete'),
    'insecure-open': switchOn('', 'let everybody who reaches this address push and delete'),
  },
  'Who may push what': {
    'trusted-publishers': file('trust.policyFile', 'policy (YAML) that lets CI push with a token of its issuer'),
    'require-signed-by': list(
      'trust.requiredKeys',
      'FILE|DIR',
      'take only packages that one of these public keys signed',
    ),
    'known-signers': list(
      'trust.knownKeys',
      'FILE|DIR',
      'public keys by which listings say whether a package is signed, none required',
    ),
  },
  'Signing keys': {
    'signing-key': list(
      'signing.keyFiles',
      'FILE',
      'private key, PEM: RSA as abuild-keygen makes it, or beside it EC on P-256 for apk 3; the first is the primary one',
    ),
    'aes-key': text(
      'signing.aesKey',
      'KEY|FILE',
      aesKeyValue,
      '32 bytes, hex or base64, or 32 characters: seals the keys that lkard makes; same for all replicas',
      'one that lkard makes, in --data',
    ),
    'key-passphrase': text(
      '',
      'TEXT',
      textValue,
      'opens encrypted key files; seals made keys where no AES key is given',
    ),
    'key-passphrase-file': text('', 'FILE', firstLineOfFile, 'the same, from the first line of a file'),
    'sha1-signatures': switchOn('signing.hasSha1Signatures', 'sign with SHA-1 too, for apk before 2.7'),
    'public-keys': switchOn('http.publicKeys', 'hand out keys and setup script without credentials'),
  },
  'Other upload forms': {
    'gitea-image': template('http.giteaImage', '<owner>/alpine', "image of Gitea's form"),
    'buildkite-image': template('http.buildkiteImage', '<org>/<registry>', "image of Buildkite's form"),
    'artifactd-image': template('http.artifactdImage', '<name>', "image of artifactd's form"),
    'default-branch': textOr('http.defaultBranch', 'NAME', nameValue, 'edge', 'branch where a form names none'),
    'default-repository': textOr(
      'http.defaultRepository',
      'NAME',
      nameValue,
      'main',
      'repository where a form names none',
    ),
  },
  'Times and limits': {
    freshness: duration(
      'repository.freshnessMs',
      '0s',
      'how long an index may be served without asking the registry for a newer one',
    ),
    recheck: duration('repository.recheckMs', '60s', "how long an index isn't compared with the packages again"),
    'rights-ttl': duration('rightsTtlMs', '60s', "how long the registry's word on a caller's rights holds"),
    'stale-for': duration('repository.staleMs', '10m', "how long it holds while the registry can't be reached"),
    'publish-timeout': duration(
      'repository.publishTimeoutMs',
      '30s',
      'how long a push or a delete may wait for the registry; not counted while its body flows',
    ),
    'max-package-size': size('http.maxPackageBytes', '4GiB', 'largest package'),
    'max-upload-size': text(
      '',
      'SIZE',
      sizeValue,
      'largest upload: all packages of a form together',
      'as --max-package-size',
    ),
    'max-uploads': textOr(
      'http.maxUploads',
      'COUNT',
      countValue,
      '32',
      'uploads under way at once; fewer with less than 640 MiB of memory',
    ),
    memory: text('', 'SIZE', sizeValue, 'memory to stay within', 'what the machine or the container has'),
    'upload-queue': limit(
      'http.maxWaiting',
      '64',
      'further uploads that wait for one of those to end; more are refused',
    ),
    'upload-wait': duration('http.waitMs', '20s', 'how long they wait at most'),
    'keep-superseded': textOr(
      'repository.keepSupersededMs',
      'DURATION|forever',
      keepingValue,
      '1h',
      'how long index manifests that were replaced are kept',
    ),
    'delete-grace': duration(
      'repository.deleteGraceMs',
      '4h',
      'how long a deleted package can still be fetched by those who have an older index; 0s: not at all',
    ),
    history: duration('repository.historyMs', '7d', 'how long it is remembered who deleted what; a day at least'),
    'package-cache': size(
      'repository.maxCachedBytes',
      '64MiB',
      'memory for packages of up to 256 KiB; at most an eighth of all',
    ),
    'max-refusals': limit('http.refusalsPerMinute', '30', 'refused credentials an address has a minute; 0: any number'),
    'rate-limit': limit('http.requestsPerSecond', '0', 'requests an address has a second; 0: any number'),
    'temp-dir': text('http.tempDirectory', 'DIR', textValue, 'folder of uploads over 4 MiB', "the system's"),
  },
  Output: {
    'log-level': textOr(
      'log.level',
      'LEVEL',
      z.enum(['debug', 'info', 'warn', 'error']),
      'info',
      'debug, info, warn or error',
    ),
    'log-format': textOr(
      'log.format',
      'FORMAT',
      z.enum(['auto', 'json', 'text']),
      'auto',
      'json, text, or auto: text on a terminal',
    ),
    'audit-log': text(
      'log.auditFile',
      'FILE|-',
      textValue,
      'audit lines go there as JSON, - is standard output',
      'among the others',
    ),
  },
} as const satisfies Record<string, Readonly<Record<string, SettingRow<string, unknown>>>>;

type Groups = typeof settingGroups;
type InAnyGroup<Group> = Group extends unknown ? { readonly [Name in keyof Group]: Group[Name] } : never;
type Both<Union> = (Union extends unknown ? (one: Union) => void : never) extends (all: infer All) => void
  ? All
  : never;
/** Each row by the name of its setting. */
export type SettingRows = Both<InAnyGroup<Groups[keyof Groups]>>;
