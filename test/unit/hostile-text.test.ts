import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { parseDependency, splitTokens } from '../../src/apk/dependency.ts';
import { parseIndexEntry } from '../../src/apk/index/index-entry.ts';
import { parseIndexText } from '../../src/apk/index/index-file.ts';
import { isArchitecture, isPackageName, isVersionText, parsePackageFileName } from '../../src/apk/package-name.ts';
import { listPackageContents } from '../../src/apk/package/package-contents.ts';
import { parsePackageInfo } from '../../src/apk/package/package-info.ts';
import { isSignatureEntry, parseSignatureName } from '../../src/apk/signature.ts';
import { compareVersions, isValidVersion, satisfies } from '../../src/apk/version.ts';
import { harmless } from '../../src/cli/shared/terminal.ts';
import { parseTarget } from '../../src/cli/shared/target.ts';
import { isRateLimitText, parseRetryAfter } from '../../src/concurrency/retry.ts';
import { parseDockerConfig } from '../../src/credentials/docker-config.ts';
import { errorResponse } from '../../src/http/answer/error-response.ts';
import { addressKey, createCallerAddresses } from '../../src/http/caller/caller-address.ts';
import { callerOf, shownName } from '../../src/http/caller/caller-credentials.ts';
import { createOriginReader } from '../../src/http/caller/caller-origin.ts';
import { createOwnNames } from '../../src/http/caller/own-names.ts';
import { refuseCrossSite } from '../../src/http/caller/cross-site.ts';
import { hostOfTarget, pathOfTarget, queryOfTarget } from '../../src/http/exchange/request-target.ts';
import { WebExchange } from '../../src/http/exchange/web-exchange.ts';
import { createSessions } from '../../src/http/pages/frame/session-cookie.ts';
import { prefersHtml, wantedJson } from '../../src/http/request/accept.ts';
import { parseAddress } from '../../src/http/request/addressing.ts';
import { isNotModified, isRangeCurrent, parseRange } from '../../src/http/request/conditional.ts';
import { splitPath } from '../../src/http/request/request-path.ts';
import { quote } from '../../src/http/routes/setup-script.ts';
import { parseChallenges } from '../../src/oci/challenge.ts';
import { isMediaType } from '../../src/oci/descriptor.ts';
import { parseErrorBody } from '../../src/oci/error-body.ts';
import { parseNextLink } from '../../src/oci/link.ts';
import { isImageName, isTag } from '../../src/oci/reference.ts';
import { GatewayError } from '../../src/errors.ts';
import { isBranchOrRepository, parseImage } from '../../src/protocol/coordinates.ts';
import { parsePackageSignature } from '../../src/repository/artifacts/package-signature.ts';
import { parsePackageTag } from '../../src/repository/artifacts/package-tag.ts';
import { gzip, tarEntry } from '../support/an-apk.ts';
import { packageAround } from '../support/hostile-packages.ts';

const length = 100_000;
// So much processor time that linear work needs a tenth of it, on a slow machine too.
const maxCpuMs = 4000;

const pieces = [
  ...['/', './', '//', '.', '-', '_', '_p', '_alpha1', '~', '=', '<>=', '-r1', '0', 'a', 'A', ' ', '\t', '\n', '\r\n'],
  ...['\0', ',', ';', ';q', '"', '\\', '":', '%', '%2f', '%41', ':', '::', '@', '[', '(', '*', '?', '#', '&', '$'],
  ...['a=', 'a=b,', 'a;q=0,', 'W/"a",', '"a", ', '<a>; ', 'Basic a="', 'P:a\n', 'pkgname = a\n', 'é', '\u202e', "'"],
];
const repeated = pieces.map((piece) => piece.repeat(length / piece.length));
const texts = [
  ...repeated,
  ...repeated.map((text) => `a${text}b`),
  ...repeated.map((text) => `${text}!`),
  ...repeated.map((text) => `1${text}\u0001`),
];

const forwarded = (name: string) => (text: string) =>
  createOriginReader({ isProxied: () => true }).origin(
    Object.assign(new WebExchange(new Request('http://a/')), {
      header: (asked: string) => (asked === name ? text : undefined),
    }),
  );
const validators = { etag: '"e"', lastModified: new Date(0) };
const peer = { remoteAddress: '127.0.0.1', setTimeout: () => undefined };

const readers: Readonly<Record<string, (text: string) => unknown>> = {
  parseDependency,
  splitTokens,
  parseIndexText: (text) => parseIndexText(`${text}\n`),
  parseIndexEntry,
  parsePackageInfo: (text) => parsePackageInfo(Buffer.from(text)),
  parsePackageFileName: (text) => parsePackageFileName(`${text}.apk`),
  isPackageName,
  isVersionText,
  isArchitecture,
  isSignatureEntry,
  parseSignatureName,
  isValidVersion,
  compareVersions: (text) => compareVersions(text, `${text}1`),
  satisfies: (text) => satisfies(text, '~', text),
  harmless,
  parseTarget,
  isRateLimitText,
  parseRetryAfter: (text) => parseRetryAfter(text, 0),
  parseDockerConfig: (text) =>
    parseDockerConfig(JSON.stringify({ auths: { [text]: { auth: Buffer.from(text).toString('base64') } } }), 'f'),
  errorResponse: (text) =>
    errorResponse(new GatewayError('REQUEST_INVALID', text), {
      accept: 'application/json',
      isAnonymous: true,
      hiddenImage: 'a/b',
    }),
  addressKey,
  'X-Forwarded-For': (text) => createCallerAddresses(['127.0.0.1']).addressOf({ connection: peer, header: () => text }),
  callerOf: (text) => callerOf(text, 'read', {}),
  'callerOf, Basic': (text) => callerOf(`Basic ${text}`, 'read', {}),
  'callerOf, Bearer': (text) => callerOf(`Bearer ${text}`, 'read', {}),
  shownName,
  'X-Forwarded-Proto': forwarded('x-forwarded-proto'),
  'X-Forwarded-Host': forwarded('x-forwarded-host'),
  'X-Forwarded-Prefix': forwarded('x-forwarded-prefix'),
  'X-Forwarded-Prefix from the root': (text) => forwarded('x-forwarded-prefix')(`/${text}`),
  refuseCrossSite: (text) => {
    refuseCrossSite({
      fetchSite: undefined,
      origin: `http://${text}`,
      hasCredentials: false,
      host: text,
      isOwnName: createOwnNames({})(text),
    });
  },
  hostOfTarget: (text) => hostOfTarget(`http://${text}`),
  pathOfTarget,
  'pathOfTarget, absolute': (text) => pathOfTarget(`http://${text}`),
  queryOfTarget: (text) => [...queryOfTarget(`/?${text}`)],
  'a session': (text) => createSessions(undefined).caller(text),
  prefersHtml: (text) => prefersHtml(`text/html,${text}`),
  wantedJson: (text) => wantedJson(`application/json;${text}`),
  parseAddress: (text) => parseAddress('a', `/${text}`, { domain: 'example.org' }),
  isNotModified: (text) => isNotModified({ ifNoneMatch: text, ifModifiedSince: text }, validators),
  'isNotModified by date': (text) => isNotModified({ ifModifiedSince: text }, validators),
  parseRange: (text) => parseRange(`bytes=${text}`, 1000),
  isRangeCurrent: (text) => isRangeCurrent(text, validators),
  splitPath,
  quote,
  parseChallenges,
  'parseChallenges, Bearer': (text) => parseChallenges(`Bearer ${text}`),
  isMediaType,
  parseErrorBody: (text) => parseErrorBody(Buffer.from(JSON.stringify({ errors: [{ code: text, message: text }] }))),
  'parseErrorBody, raw': (text) => parseErrorBody(Buffer.from(text)),
  parseNextLink,
  isImageName,
  isTag,
  isBranchOrRepository,
  parseImage,
  parsePackageSignature,
  parsePackageTag,
};

describe('text that is made to be slow', () => {
  it.each(Object.entries(readers))('is read by %s in linear time', (_, read) => {
    const before = process.cpuUsage();
    for (const text of texts) {
      try {
        read(text);
      } catch (error) {
        if (!(error instanceof Error)) throw error;
      }
    }
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(maxCpuMs);
  });

  it('is read as names in a package', async () => {
    const path = `a${'/'.repeat(4080)}b`;
    const named = `path=${path}\n`;
    const pax = tarEntry({ name: 'pax', type: 'x' }, `${named.length + 5} ${named}`);
    const data = gzip(Buffer.concat(Array.from({ length: 2000 }, () => [pax, tarEntry({ name: 'x' }, '')]).flat()));
    const apk = Buffer.concat(packageAround([data]));
    const before = process.cpuUsage();
    let count = 0;
    for await (const file of listPackageContents(Readable.from([apk]))) count += file.path === path ? 1 : 0;
    const { user, system } = process.cpuUsage(before);
    expect(count).toBe(2000);
    expect((user + system) / 1000).toBeLessThan(maxCpuMs);
  });
});
