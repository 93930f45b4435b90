import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readIndexFile, parseIndexText } from '../../../src/apk/index/index-file.ts';
import { parsePackageInfo } from '../../../src/apk/package/package-info.ts';
import { credentialNames, credentialsIn, parseDockerConfig } from '../../../src/credentials/docker-config.ts';
import { isGatewayError } from '../../../src/errors.ts';
import { callerOf } from '../../../src/http/caller/caller-credentials.ts';
import { isNotModified, parseRange } from '../../../src/http/request/conditional.ts';
import { refuseCrossSite } from '../../../src/http/caller/cross-site.ts';
import { createSetupScript } from '../../../src/http/routes/setup-script.ts';
import { parseChallenges } from '../../../src/oci/challenge.ts';
import { parseErrorBody } from '../../../src/oci/error-body.ts';
import { parseNextLink } from '../../../src/oci/link.ts';
import { parseManifest } from '../../../src/oci/manifest.ts';
import { parseRetryAfter } from '../../../src/concurrency/retry.ts';
import { resolveLocation } from '../../../src/store/registry/transport/redirect.ts';
import { parseTrustPolicy } from '../../../src/trust/policy.ts';

const runs = { numRuns: 500 };
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
  fc.json().map((text) => Buffer.from(text)),
);
/** Gives back what `work` does; only a fault with a code is a fault that was meant. */
function tame<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (isGatewayError(error)) return undefined;
    throw error;
  }
}
const shaped = (schema: Record<string, fc.Arbitrary<unknown>>) =>
  fc.record(schema, { requiredKeys: [] }).map((document) => Buffer.from(JSON.stringify(document)));
const anything = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.constant(null),
  fc.array(fc.string(), { maxLength: 3 }),
  fc.object({ maxDepth: 1 }),
);

describe('whatever a registry sends', () => {
  const descriptor = fc.oneof(
    anything,
    fc.record({ mediaType: anything, digest: anything, size: anything, annotations: anything }, { requiredKeys: [] }),
  );
  const manifest = shaped({
    schemaVersion: fc.constantFrom(2, 1, '2', null),
    mediaType: anything,
    config: descriptor,
    layers: fc.oneof(anything, fc.array(descriptor, { maxLength: 3 })),
    annotations: anything,
    artifactType: anything,
  });
  const errors = shaped({
    errors: fc.oneof(
      anything,
      fc.array(
        fc.oneof(anything, fc.record({ code: anything, message: anything, detail: anything }, { requiredKeys: [] })),
      ),
    ),
  });

  it('as a manifest is one, or a fault', () => {
    fc.assert(
      fc.property(fc.oneof(bytes, manifest), (body) => void tame(() => parseManifest(body))),
      runs,
    );
  });

  it('as an error body is harmless text', () => {
    fc.assert(
      fc.property(fc.oneof(bytes, errors), (body) => {
        for (const { code, message } of parseErrorBody(body)) {
          expect(`${code}${message}`).not.toMatch(/[\0-\x1f\x7f]/);
          expect(`${code}${message}`.length).toBeLessThan(4096);
        }
      }),
      runs,
    );
  });

  it('as headers leads nowhere but over the web', () => {
    const header = fc.oneof(
      fc.string(),
      fc.webUrl(),
      fc.constantFrom('//evil', 'file:///etc/passwd', 'javascript:1', 'http://[::1', '\\\\evil\\x'),
    );
    fc.assert(
      fc.property(header, (text) => {
        parseChallenges(`Bearer realm="${text}",${text}`);
        parseNextLink(`<${text}>; rel="next"`);
        expect(parseRetryAfter(text, 0) ?? 0).toBeGreaterThanOrEqual(0);
        const location = tame(() => resolveLocation(new URL('https://registry.example.org/v2/'), text));
        expect(location?.protocol ?? 'https:').toBe('https:');
        expect(`${location?.username ?? ''}${location?.password ?? ''}`).toBe('');
      }),
      runs,
    );
  });

  it('as challenges takes no time to read', () => {
    for (const text of [
      'Bearer '.repeat(5000),
      'a='.repeat(5000),
      'Bearer a="' + '\\"'.repeat(5000),
      ', '.repeat(9000),
    ]) {
      const began = performance.now();
      parseChallenges(text);
      expect(performance.now() - began).toBeLessThan(1000);
    }
  });
});

describe('whatever a caller sends', () => {
  it('as Authorization is somebody, nobody or UNAUTHORIZED', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.base64String(),
      fc.string().map((text) => Buffer.from(text).toString('base64')),
    );
    const header = fc
      .tuple(fc.constantFrom('Basic ', 'basic', 'Bearer ', 'BEARER  ', 'Digest ', ''), value)
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(header, (text) => {
        const credentials = tame(() => callerOf(text, 'write', {}))?.credentials;
        expect(credentials?.kind).not.toBe('gateway');
        if (credentials?.kind === 'bearer') expect(credentials.token).toMatch(/^[\x21-\x7e]+$/);
      }),
      runs,
    );
  });

  it('as conditions is heeded or passed over', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (ifNoneMatch, ifModifiedSince) => {
        const validators = { etag: '"one"', lastModified: new Date(0) };
        const isSame = isNotModified({ ifNoneMatch, ifModifiedSince }, validators);
        if (isSame) expect(`${ifNoneMatch} ${ifModifiedSince}`).toMatch(/"one"|\*|1970/);
        tame(() => parseRange(`bytes=${ifNoneMatch}`, 100));
      }),
      runs,
    );
  });

  it('as Origin and Fetch Metadata lets no other page through', () => {
    const origin = fc.oneof(
      fc.string(),
      fc.webUrl().map((url) => new URL(url).origin),
      fc.constant('null'),
    );
    fc.assert(
      fc.property(origin, (text) => {
        const ask = () => {
          refuseCrossSite({
            origin: text,
            fetchSite: undefined,
            hasCredentials: true,
            isOwnName: true,
            host: 'apk.example.org',
          });
          return true;
        };
        if (tame(ask) === true) expect(new URL(text).host).toBe('apk.example.org');
      }),
      runs,
    );
  });
});

describe('whatever stands in a file', () => {
  it("of credentials gives some for the host, or says that it can't be read without quoting it", () => {
    const entry = fc.record(
      { auth: anything, username: anything, password: anything, identitytoken: anything, registrytoken: anything },
      { requiredKeys: [] },
    );
    const key = fc.oneof(fc.string(), fc.constantFrom('r', 'https://r/v1/', 'r/team', '__proto__', 'constructor'));
    const config = shaped({
      auths: fc.oneof(anything, fc.dictionary(key, entry)),
      credsStore: anything,
      credHelpers: anything,
    });
    fc.assert(
      fc.property(fc.oneof(config, bytes), fc.constantFrom('config.json', '.dockercfg'), (body, file) => {
        const text = Buffer.from(body).toString();
        const read = tame(() => parseDockerConfig(text, file));
        for (const name of read === undefined ? [] : credentialNames('r/team/app')) credentialsIn(read!, name);
      }),
      runs,
    );
    expect(credentialsIn(parseDockerConfig('{"auths":{}}', 'f'), '__proto__')).toBeUndefined();
    expect(credentialsIn(parseDockerConfig('{"auths":{}}', 'f'), 'constructor')).toBeUndefined();
  });

  it('of a policy is a policy, or a fault that names the file', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => void tame(() => parseTrustPolicy(text, 'f'))),
      runs,
    );
  });
});

describe('whatever stands in a package or an index', () => {
  it('is a fault with a code, or a value', () => {
    const line = fc.oneof(
      fc.string(),
      fc.constantFrom('pkgname = a', 'pkgver = 1', 'arch = x86_64', 'depend = a>=1', 'C:Q1', 'P:a', 'V:1', 'A:x', ''),
    );
    const text = fc.array(line, { maxLength: 12 }).map((lines) => lines.join('\n'));
    fc.assert(
      fc.property(text, bytes, (lines, body) => {
        tame(() => parsePackageInfo(Buffer.from(lines)));
        tame(() => parsePackageInfo(body));
        tame(() => parseIndexText(lines));
        tame(() => readIndexFile(body, { mayBeUnsigned: true }));
      }),
      runs,
    );
  });
});

it('whatever the URL, the key names and the credentials, the setup script runs nothing of them', async () => {
  const { execFile } = await import('node:child_process');
  const marker = randomBytes(8).toString('hex');
  const nasty = fc.constantFrom(
    ...["'", '"', '`', '$(', ')', ';', '\n', '\\', '&', '|', ' ', '#', '!', `touch ${marker}`, `echo ${marker} >&2`],
  );
  const text = fc.array(nasty, { maxLength: 12 }).map((parts) => parts.join(''));
  await fc.assert(
    fc.asyncProperty(text, text, text, async (fileName, username, password) => {
      const keys = [{ fileName, pem: fileName }];
      const script = createSetupScript()({
        url: `http://h/${fileName}`,
        keys,
        credentials: { kind: 'basic', username, password },
      });
      // All definitions are read, and the last word is that none of them is called.
      const told = await new Promise<string>((resolve) => {
        execFile('sh', ['-n'], (_error, stdout, stderr) => {
          resolve(`${stdout}${stderr}`);
        }).stdin?.end(script);
      });
      expect(told).toBe('');
      const settings = script.slice(0, script.indexOf('install_keys() {'));
      const run = await new Promise<string>((resolve) => {
        execFile('sh', [], (_error, stdout, stderr) => {
          resolve(`${stdout}${stderr}`);
        }).stdin?.end(`${settings}\nprintf '%s' "$url"\n`);
      });
      expect(run).toBe(`http://h/${fileName}`);
    }),
    { numRuns: 40 },
  );
});
