import { describe, expect, it } from 'vitest';
import { imageSegments, parseTarget, urlOf } from '../../../../src/cli/shared/target.ts';

describe('REGISTRY[/IMAGE]', () => {
  it.each([
    ['apk.example.org', 'https://apk.example.org', undefined],
    ['apk.example.org:8443/team/app', 'https://apk.example.org:8443', 'team/app'],
    ['localhost:9887/app', 'http://localhost:9887', 'app'],
    ['127.0.0.1:9887/', 'http://127.0.0.1:9887', undefined],
    ['[::1]:9887/app', 'http://[::1]:9887', 'app'],
    ['https://localhost:9887/app', 'https://localhost:9887', 'app'],
    ['http://apk.example.org/app', 'http://apk.example.org', 'app'],
  ])('%s is at %s', (text, origin, image) => {
    expect(parseTarget(text)).toMatchObject({ origin, image });
  });

  it('is spoken to in plain HTTP where that is asked for', () => {
    expect(parseTarget('apk.example.org', { isPlainHttp: true }).origin).toBe('http://apk.example.org');
  });

  it('is known to logins without its scheme', () => {
    expect(parseTarget('http://apk.example.org/team/app').name).toBe('apk.example.org/team/app');
  });

  it.each([
    ['', 'REQUEST_INVALID'],
    ['user@host/app', 'REQUEST_INVALID'],
    ['ftp://host/app', 'REQUEST_INVALID'],
    ['host/app?x=1', 'REQUEST_INVALID'],
    ['0x7f.1/app', 'REQUEST_INVALID'],
    ['host/App', 'IMAGE_INVALID'],
    ['host/../etc', 'IMAGE_INVALID'],
  ])('is refused as %j', (text, code) => {
    expect(() => parseTarget(text)).toThrow(expect.objectContaining({ code }) as Error);
  });
});

it('URLs below a target escape what would change their path', () => {
  const target = parseTarget('apk.example.org/team/app');
  const url = urlOf(target, ...imageSegments(target), 'edge', 'main', 'x86_64', 'a+b~1?#%.apk');
  expect(url.href).toBe('https://apk.example.org/apk/team/app/edge/main/x86_64/a%2Bb~1%3F%23%25.apk');
});
