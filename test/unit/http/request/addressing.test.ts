import { describe, expect, it } from 'vitest';
import { isGatewayError } from '../../../../src/errors.ts';
import { parseAddress, type Address } from '../../../../src/http/request/addressing.ts';
import type { AddressingOptions } from '../../../../src/http/request/upload-forms.ts';

const single = { singleImage: 'user/image' };
const domain = { domain: 'example.org' };
const own = 'apk.example.org';
const other = 'packages.example.org';

/** `image branch/repository`, as the tables below write coordinates. */
function place(address: Address | undefined): string | undefined {
  if (address === undefined || !('base' in address)) return undefined;
  const { image, branch, repository } = address.base.at;
  return `${image} ${branch}/${repository}`;
}

describe('the modes of addressing a repository', () => {
  it.each<[string, AddressingOptions, string, string, string]>([
    ['subpath, several images', {}, other, '/apk/user/image/edge/main', 'user/image edge/main'],
    ['subpath, a short image', {}, other, '/apk/image/edge/main', 'image edge/main'],
    ['subpath, a deep image', {}, other, '/apk/a/b/c/d/v3.20/main', 'a/b/c/d v3.20/main'],
    ['subpath, one image', single, other, '/apk/edge/main', 'user/image edge/main'],
    ['subdomain, several images', domain, own, '/user/image/edge/main', 'user/image edge/main'],
    ['subdomain with a port', domain, `${own}:9887`, '/user/image/edge/main', 'user/image edge/main'],
    ['subdomain in capitals', domain, 'APK.Example.ORG', '/user/image/edge/main', 'user/image edge/main'],
    ['subdomain, one image', { ...domain, ...single }, own, '/edge/main', 'user/image edge/main'],
    ['subpath beside a domain', domain, other, '/apk/user/image/edge/main', 'user/image edge/main'],
    ['subpath on the domain itself', domain, own, '/apk/user/image/edge/main', 'user/image edge/main'],
    ['the short form', {}, other, '/user/image/edge/main', 'user/image edge/main'],
    ['the short form, one image', single, other, '/edge/main', 'user/image edge/main'],
    ['Gitea', {}, other, '/api/packages/owner/alpine/edge/main', 'owner/alpine edge/main'],
    ['Gitea with capitals', {}, other, '/api/packages/Owner/alpine/edge/main', 'owner/alpine edge/main'],
    ['Gitea by template', { giteaImage: 'git/<owner>' }, other, '/api/packages/owner/alpine/v1/x', 'git/owner v1/x'],
    ['Gitea, one image', single, other, '/api/packages/owner/alpine/edge/main', 'user/image edge/main'],
    ['Buildkite', {}, other, '/org/registry/alpine_any/alpine_any/main', 'org/registry edge/main'],
    [
      'Buildkite with other defaults',
      { defaultBranch: 'v3.20', defaultRepository: 'x' },
      other,
      '/org/registry/alpine_any/alpine_any/main',
      'org/registry v3.20/x',
    ],
  ])('%s', (_mode, options, host, base, expected) => {
    const ask = (path: string) => parseAddress(host, `${base}/${path}`, options);
    expect(place(ask('x86_64/APKINDEX.tar.gz'))).toBe(expected);
    expect(place(ask('push'))).toBe(expected);
    const file = ask('x86_64/demo-1.0-r0.apk');
    const reading = file?.kind === 'file' ? file.readings[0] : undefined;
    expect(reading?.architecture).toBe('x86_64');
    expect(reading?.base.path).toBe(base);
    expect(reading?.base.at).toEqual(coordinates(expected));
  });

  it.each<[string, AddressingOptions, string, string]>([
    ['the short form where there is a domain', domain, other, '/user/image/edge/main/push'],
    ['a look-alike of the domain', domain, 'apk.example.org.evil.test', '/user/image/edge/main/push'],
    ['no image', {}, other, '/apk/edge/main/push'],
    ['no image for an index', {}, other, '/apk/edge/main/x86_64/APKINDEX.tar.gz'],
    ['an image where there is one', single, other, '/apk/user/image/edge/main/push'],
    ['the root', {}, other, '/'],
    ['a page', {}, other, '/favicon.ico'],
    ['Gitea with another type', {}, other, '/api/packages/owner/debian/edge/main'],
    ['an API of others', {}, other, '/api/v1/version/x/y'],
    ['a registry', {}, other, '/v2/user/image/blobs/x'],
    ['a reserved word before one image', single, other, '/metrics/main/push'],
    ['an underscore', single, other, '/_next/main/push'],
  ])('takes %s for no repository', (_case, options, host, path) => {
    expect(parseAddress(host, path, options)).toBeUndefined();
  });
});

describe('what is asked under a base', () => {
  const base = '/apk/user/image/edge/main';

  it.each([
    ['', 'base'],
    ['/', 'base'],
    ['/push', 'push'],
    ['/setup', 'setup'],
    ['/key', 'key'],
    ['/apk-configuration', 'configuration'],
    ['/jwks.json', 'jwks'],
    ['/status.json', 'status'],
    ['/user-image-0123abcd.rsa.pub', 'named-key'],
    ['/x86_64/APKINDEX.tar.gz', 'index'],
    ['/x86_64/Packages.adb', 'index'],
    ['/x86_64/packages.adb', 'index'],
    ['/openwrt-5f3a.pem', 'named-key'],
    ['/x86_64/demo-1.0-r0.apk', 'file'],
    ['/demo-1.0-r0.apk', 'file'],
  ])('%s', (rest, kind) => {
    expect(parseAddress(other, base + rest, {})?.kind).toBe(kind);
  });

  it.each([
    ['APKINDEX.tar.gz', 'v2'],
    ['Packages.adb', 'v3'],
    ['packages.adb', 'v3'],
  ])('tells by the name %s which index is asked for', (name, format) => {
    const address = parseAddress(other, `${base}/x86_64/${name}`, {});
    expect(address).toMatchObject({ kind: 'index', format, architecture: 'x86_64' });
  });

  it('reads a name with ~ and + from every way of writing it', () => {
    for (const name of ['a-1.0_git~1+b-r0.apk', 'a-1.0_git%7e1+b-r0.apk', 'a-1.0_git%7E1%2Bb-r0.apk']) {
      const address = parseAddress(other, `${base}/x86_64/${name}`, {});
      expect(address).toMatchObject({ fileName: 'a-1.0_git~1+b-r0.apk' });
    }
  });

  it('reads a file both with and without an architecture where the path is long enough', () => {
    const address = parseAddress(other, '/apk/a/b/c/d/demo.apk', {});
    expect(address).toMatchObject({
      folder: 'd',
      readings: [
        { architecture: 'd', base: { at: { image: 'a', branch: 'b', repository: 'c' }, path: '/apk/a/b/c' } },
        { architecture: undefined, base: { at: { image: 'a/b', branch: 'c', repository: 'd' } } },
      ],
    });
  });

  it('reads a file only without an architecture where the path has no room for one', () => {
    expect(parseAddress(other, '/apk/a/b/c/demo.apk', {})).toMatchObject({
      readings: [{ architecture: undefined, base: { at: { image: 'a', branch: 'b', repository: 'c' } } }],
    });
    expect(parseAddress(other, '/apk/edge/main/demo.apk', single)).toMatchObject({
      readings: [{ architecture: undefined, base: { at: { image: 'user/image', branch: 'edge' } } }],
    });
  });

  it.each([
    ['/apk/key', {}, undefined],
    ['/apk/key', single, 'user/image'],
    ['/key', single, 'user/image'],
    ['/api/packages/owner/alpine/key', {}, 'owner/alpine'],
    ['/apk/image/key', {}, 'image'],
    ['/apk/user/image/key', {}, 'user/image'],
  ])('knows %s as the key of an image', (path, options, image) => {
    expect(parseAddress(other, path, options)).toEqual({ kind: 'image-key', image });
  });
});

describe('names at fault', () => {
  it.each([
    ['/apk/User/image/edge/main/push', 'IMAGE_INVALID'],
    ['/apk/user--/image/edge/main/push', 'IMAGE_INVALID'],
    ['/apk/api/image/edge/main/push', 'IMAGE_INVALID'],
    ['/apk/v2/edge/main/push', 'IMAGE_INVALID'],
    ['/apk/image/.edge/main/push', 'BRANCH_INVALID'],
    ['/apk/image/ed%20ge/main/push', 'BRANCH_INVALID'],
    ['/apk/image/edge/m%25ain/push', 'REPOSITORY_INVALID'],
    ['/apk/image/edge/setup/push', 'REPOSITORY_INVALID'],
    ['/apk/image/push/main/push', 'BRANCH_INVALID'],
    [`/apk/image/edge/${'m'.repeat(65)}/push`, 'REPOSITORY_INVALID'],
    ['/apk/image/edge/main/x%2086/APKINDEX.tar.gz', 'ARCHITECTURE_INVALID'],
    ['/apk/image/edge%2fmain/main/push', 'REQUEST_INVALID'],
    ['/apk/image/../edge/main/push', 'REQUEST_INVALID'],
    ['/apk/Image/edge/main/demo.apk', 'IMAGE_INVALID'],
  ])('%s is %s', (path, code) => {
    expect(codeOf(() => parseAddress(other, path, {}))).toBe(code);
  });
});

function coordinates(text: string) {
  const [image, branchAndRepository = ''] = text.split(' ');
  const [branch, repository] = branchAndRepository.split('/');
  return { image, branch, repository };
}

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return isGatewayError(error) ? error.code : String(error);
  }
}
