import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { parseDependencyToken } from '../../src/apk/adb/adb-dependency.ts';
import { parseDependency, splitTokens } from '../../src/apk/dependency.ts';
import { parseIndexV3Record } from '../../src/apk/index-v3/index-v3-record.ts';
import { parseIndexEntry } from '../../src/apk/index/index-entry.ts';
import { parseIndexText } from '../../src/apk/index/index-file.ts';
import { isArchitecture, isPackageName, isVersionText, parsePackageFileName } from '../../src/apk/package-name.ts';
import { listPackageContents } from '../../src/apk/package/package-contents.ts';
import { parsePackageInfo } from '../../src/apk/package/package-info.ts';
import { isSignatureEntry, parseSignatureName } from '../../src/apk/signature.ts';
import { compareVersions, isValidVersion, satisfies } from '../../src/apk/version.ts';
import { harmless } from '../../src/cli/shared/terminal.ts';
import { decodeText, encodeText, hasHiddenCharacter, isEncodable } from '../../src/apk/text.ts';
import { readBrowserAddress } from '../../src/cli/lkar/address.ts';
import { isOneSlip } from '../../src/cli/lkard/mistaken-image.ts';
import { parseTarget } from '../../src/cli/shared/target.ts';
import { parseAge, parseDuration } from '../../src/config/duration.ts';
import { decodeAesKey, isLoopback } from '../../src/config/values.ts';
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
import { parseRelation } from '../../src/http/pages/package/package-relations.ts';
import { isRepositoryHost, parseAddress } from '../../src/http/request/addressing.ts';
import { isNotModified, isRangeCurrent, parseRange } from '../../src/http/request/conditional.ts';
import { splitPath } from '../../src/http/request/request-path.ts';
import { quote } from '../../src/http/routes/setup-script.ts';
import { decodeUserPassword } from '../../src/oci/basic.ts';
import { parseChallenges } from '../../src/oci/challenge.ts';
import { isMediaType } from '../../src/oci/descriptor.ts';
import { parseErrorBody } from '../../src/oci/error-body.ts';
import { parseNextLink } from '../../src/oci/link.ts';
import { parseJson } from '../../src/oci/json.ts';
import { isImageName, isTag } from '../../src/oci/reference.ts';
import { GatewayError } from '../../src/errors.ts';
import { isBranchOrRepository, parseImage, parseSnapshotName } from '../../src/protocol/coordinates.ts';
import { matchesGlob, wildcard } from '../../src/protocol/glob.ts';
import { isKeyFile, isPackageFile, isReservedFirstSegment, isReservedName } from '../../src/protocol/words.ts';
import { parsePackageProvenance } from '../../src/repository/artifacts/package-provenance.ts';
import { parsePackageSignature } from '../../src/repository/artifacts/package-signature.ts';
import { parsePackageTag, readable } from '../../src/repository/artifacts/package-tag.ts';
import { isSnapshotId, isSnapshotTag, parseSnapshotTag } from '../../src/repository/artifacts/snapshot-tag.ts';
import { parsePackageOrder, rankOf, wordsIn } from '../../src/repository/catalog/package-search.ts';
import { isKeyTag } from '../../src/repository/keys/key-artifact.ts';
import { parsePrivateKey, parseRsaOrEcKey } from '../../src/repository/keys/signing-key.ts';
import { literalAddress, reachOf } from '../../src/store/registry/transport/network-address.ts';
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
  parseDependencyToken,
  parseIndexV3Record,
  decodeText: (text) => decodeText(Buffer.from(text, 'latin1')),
  encodeText,
  isEncodable,
  hasHiddenCharacter,
  readBrowserAddress,
  isOneSlip: (text) => isOneSlip(text, 'verify'),
  parseAge,
  parseDuration,
  decodeAesKey,
  isLoopback,
  parseRelation,
  isRepositoryHost: (text) => isRepositoryHost(text, 'example.org'),
  decodeUserPassword,
  parseJson,
  parseSnapshotName,
  'matchesGlob, as a pattern': (text) => matchesGlob(text.slice(0, 512), 'a'.repeat(1024)),
  'matchesGlob, stars': (text) => matchesGlob(`**a`.repeat(100), text.slice(0, 1024)),
  'wildcard, as a pattern': (text) => wildcard(text)('a'.repeat(1000)),
  'wildcard, stars': (text) => wildcard('*a*b*')(text),
  isKeyFile,
  isPackageFile,
  isReservedFirstSegment,
  isReservedName,
  parsePackageProvenance,
  readable: (text) => readable(text, 50),
  isSnapshotId,
  isSnapshotTag,
  parseSnapshotTag,
  parsePackageOrder,
  rankOf: (text) => rankOf(text, text.slice(0, 100)),
  wordsIn,
  isKeyTag,
  parsePrivateKey: (text) => parsePrivateKey(text, 'f'),
  parseRsaOrEcKey: (text) => parseRsaOrEcKey(`-----BEGIN PRIVATE KEY-----${text}`, 'f'),
  literalAddress,
  reachOf,
};

/** What is called like a reader of text and is none, or is given only what was checked before. */
const others: Readonly<Record<string, string>> = {
  parseKeptManifest: 'a tag, as parsePackageTag has it; JSON',
  parsePackageManifest: 'a tag, as parsePackageTag has it; JSON',
  parseSnapshotRecord: 'a tag, as parseSnapshotTag has it; JSON',
  parseTries: 'an argument of a command line',
  parseAgeOption: 'parseAge',
  parseDurationOption: 'parseDuration',
  isSignatureAlgorithm: 'one of a set',
  isForm: 'the beginning of a text',
  parseTrustPolicy: 'a file of whoever runs the gateway; a library reads its YAML',
  parsePruningPolicy: 'a file of whoever runs lkar; a library reads its YAML',
  decodeSeconds: 'eight characters of a tag',
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

it('every reader of text that is exported is fed such text', () => {
  const src = path.join(import.meta.dirname, '..', '..', 'src');
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => /\.tsx?$/.test(name));
  const declared = files.flatMap((name) => [
    ...readFileSync(path.join(src, name), 'utf8').matchAll(
      /^export function ((?:parse|is|split|decode|matches|words)\w*)\(\s*\w+: string\b/gm,
    ),
  ]);
  const names = declared.map(([, name = '']) => name);
  const fed = Object.keys(readers).map((name) => name.replace(/,.*/, ''));
  expect(names.length).toBeGreaterThan(40);
  expect(names.filter((name) => !fed.includes(name) && !(name in others))).toEqual([]);
  expect(Object.keys(others).filter((name) => !names.includes(name))).toEqual([]);
});
