/** How a setting is given: a value, a switch without one, a value that may be left out, or a value several times. */
export type SettingKind = 'text' | 'switch' | 'optional' | 'list';

/** One setting of lkard: `--name` on the command line, `ARTIFACT_REGISTRY_NAME` in the environment. */
export interface Setting {
  readonly name: string;
  readonly kind: SettingKind;
  /** What its value is called in help texts. */
  readonly value?: string;
  readonly help: string;
  readonly group: string;
}

/** Settings as given, by name: a switch is true. */
export type GivenSettings = Readonly<Record<string, string | true | readonly string[] | undefined>>;

const tables = {
  Listening: [
    ['addr', 'text', 'HOST:PORT', 'address to listen on (default :9887; 127.0.0.1:9887 on the embedded store)'],
    ['tls-cert', 'text', 'FILE', 'certificate chain, PEM'],
    ['tls-key', 'text', 'FILE', 'its private key, PEM'],
    ['domain', 'text', 'DOMAIN', 'serve repositories at the root of apk.DOMAIN too'],
    ['trusted-proxy', 'list', 'CIDR', 'believe X-Forwarded-* from these addresses; may be repeated'],
    ['disable-ui', 'switch', '', 'no pages for browsers'],
    ['metrics-addr', 'text', 'HOST:PORT', 'serve /metrics there and not at --addr (it names no image and no package)'],
    ['workers', 'text', 'COUNT|auto', 'processes that serve together; auto: one a core (default 1)'],
    ['drain-timeout', 'text', 'DURATION', 'how long a stop waits for requests under way (default 30s)'],
  ],
  'Registry behind the gateway': [
    ['backend', 'text', 'HOST[:PORT]', 'registry that keeps the packages; without it they are kept in --data'],
    ['no-https', 'switch', '', 'speak plain HTTP to it'],
    ['insecure', 'switch', '', "don't check its certificate"],
    ['client-ca', 'text', 'FILE', 'certificate authorities to check it against, PEM'],
    ['anonymous-as-gateway', 'optional', 'read|write', "let callers without credentials use the gateway's own to read"],
    ['registry-auth-file', 'text', 'FILE', "the gateway's own credentials (default as container tools find them)"],
    ['registry-requests', 'text', 'COUNT', 'requests to it for one image and minute (default 0: any number)'],
    ['redirect-blobs', 'switch', '', "send clients to the registry's own URL for a package (apko can't follow it)"],
  ],
  'Embedded store': [
    ['data', 'text', 'DIR', 'folder of the embedded store, and of a key made by lkard (default ./data)'],
    ['htpasswd', 'text', 'FILE', 'users of the embedded store, bcrypt (htpasswd -B)'],
    ['htpasswd-writers', 'list', 'USER', 'the users who may push and delete (default all); may be repeated'],
    ['public-read', 'switch', '', 'let everybody read, and the users of --htpasswd push and delete'],
    ['insecure-open', 'switch', '', 'let everybody who reaches this address push and delete'],
  ],
  'Who may push what': [
    ['trusted-publishers', 'text', 'FILE', 'policy (YAML) that lets CI push with a token of its issuer'],
    [
      'require-signed-by',
      'list',
      'FILE|DIR',
      'take only packages that one of these public keys signed; may be repeated',
    ],
    [
      'known-signers',
      'list',
      'FILE|DIR',
      'public keys by which listings say whether a package is signed, none required; may be repeated',
    ],
  ],
  'Signing keys': [
    ['signing-key', 'list', 'FILE', 'private RSA key, PEM, as abuild-keygen makes it; the first is the primary one'],
    ['aes-key', 'text', 'KEY|FILE', '32 bytes, hex or base64: seals the keys that lkard makes; same for all replicas'],
    ['key-passphrase', 'text', 'TEXT', 'opens encrypted key files; seals made keys where no AES key is given'],
    ['key-passphrase-file', 'text', 'FILE', 'the same, from the first line of a file'],
    ['sha1-signatures', 'switch', '', 'sign with SHA-1 too, for apk before 2.7'],
    ['public-keys', 'switch', '', 'hand out keys and setup script without credentials'],
  ],
  'Other upload forms': [
    ['gitea-image', 'text', 'TEMPLATE', "image of Gitea's form (default <owner>/alpine)"],
    ['buildkite-image', 'text', 'TEMPLATE', "image of Buildkite's form (default <org>/<registry>)"],
    ['artifactd-image', 'text', 'TEMPLATE', "image of artifactd's form (default <name>)"],
    ['default-branch', 'text', 'NAME', 'branch where a form names none (default edge)'],
    ['default-repository', 'text', 'NAME', 'repository where a form names none (default main)'],
  ],
  'Times and limits': [
    ['freshness', 'text', 'DURATION', 'how long an index is served without asking for a newer one (default 1s)'],
    ['recheck', 'text', 'DURATION', "how long an index isn't compared with the packages again (default 60s)"],
    ['rights-ttl', 'text', 'DURATION', "how long the registry's word on a caller's rights holds (default 60s)"],
    ['stale-for', 'text', 'DURATION', "how long it holds while the registry can't be reached (default 10m)"],
    ['publish-timeout', 'text', 'DURATION', 'how long a push may wait for its index (default 30s)'],
    ['max-package-size', 'text', 'SIZE', 'largest package (default 4GiB)'],
    ['max-uploads', 'text', 'COUNT', 'uploads under way at once (default 32)'],
    [
      'upload-queue',
      'text',
      'COUNT',
      'further uploads that wait for one of those to end; more are refused (default 64)',
    ],
    ['upload-wait', 'text', 'DURATION', 'how long they wait at most (default 20s)'],
    [
      'keep-superseded',
      'text',
      'DURATION|forever',
      'how long index manifests that were replaced are kept (default 1h)',
    ],
    ['package-cache', 'text', 'SIZE', 'memory for packages of up to 256 KiB (default 64MiB)'],
    ['max-refusals', 'text', 'COUNT', 'refused credentials an address has a minute (default 30; 0 for any number)'],
    ['rate-limit', 'text', 'COUNT', 'requests an address has a second (default any number)'],
    ['temp-dir', 'text', 'DIR', "folder of uploads over 4 MiB (default the system's)"],
  ],
  Output: [
    ['log-level', 'text', 'LEVEL', 'debug, info, warn or error (default info)'],
    ['log-format', 'text', 'FORMAT', 'json, text, or auto: text on a terminal (default auto)'],
    ['audit-log', 'text', 'FILE|-', 'audit lines go there as JSON, - is standard output (default among the others)'],
  ],
} as const satisfies Record<string, readonly (readonly [string, SettingKind, string, string])[]>;

/** The name of any setting. */
export type SettingName = (typeof tables)[keyof typeof tables][number][0];

/** Every setting, in the order in which help lists them. */
export function settings(): readonly Setting[] {
  return Object.entries(tables).flatMap(([group, rows]) =>
    rows.map(([name, kind, value, help]) => ({ name, kind, value, help, group })),
  );
}

/** The variable that gives a setting: `--no-https` is `ARTIFACT_REGISTRY_NO_HTTPS`. */
export function environmentName(name: string): string {
  return `ARTIFACT_REGISTRY_${name.toUpperCase().replaceAll('-', '_')}`;
}
