import { describe, expect, it } from 'vitest';
import {
  assertPackageName,
  isArchitecture,
  isPackageName,
  isVersionText,
  packageFileName,
  parsePackageFileName,
} from '../../../src/apk/package-name.ts';

describe('names', () => {
  it.each(['a', 'Lib_X.y', 'lib++', 'gtk-4.0-3', '0ad', 'n'.repeat(200)])('%s may name a package', (name) => {
    expect(isPackageName(name)).toBe(true);
  });

  it.each(['', '-a', '.a', '..', 'a/b', 'a b', 'a\n', 'a@b', 'a=1', 'é', 'cmd:a', 'n'.repeat(201)])(
    '"%s" may not',
    (name) => {
      expect(isPackageName(name)).toBe(false);
      expect(() => {
        assertPackageName(name);
      }).toThrow(/^name (invalid|too long)/);
    },
  );

  it.each(['1', '1.0-r0', '1.0+git1-r0', '0.99f7-r0', '1.0~abc', 'v1'])('%s may be a version', (version) => {
    expect(isVersionText(version)).toBe(true);
  });

  it.each(['', '1:1', '1/2', '1 0', '1.0\0', '-1', '..', '1%2f', '1'.repeat(129)])('"%s" may not', (version) => {
    expect(isVersionText(version)).toBe(false);
  });

  it('knows architectures by form, not from a list', () => {
    expect(['x86_64', 'noarch', 'aarch64_cortex-a53'].every(isArchitecture)).toBe(true);
    expect(['', '..', '../x', 'a b', 'x'.repeat(65)].some(isArchitecture)).toBe(false);
  });
});

describe('file names', () => {
  it.each([
    ['busybox-1.36.1-r5.apk', 'busybox', '1.36.1-r5'],
    ['gtk-4.0-3-1.0-r0.apk', 'gtk-4.0-3', '1.0-r0'],
    ['custom-ca-certs-1-1.0.0-r0.apk', 'custom-ca-certs-1', '1.0.0-r0'],
    ['plus-1.0+git1-r0.apk', 'plus', '1.0+git1-r0'],
    ['semver-1.0.0-beta.1.apk', 'semver', '1.0.0-beta.1'],
    ['odd-v1.0.apk', 'odd', 'v1.0'],
  ])('%s is likeliest %s and %s', (file, name, version) => {
    expect(parsePackageFileName(file)[0]).toEqual({ name, version });
    expect(packageFileName(name, version)).toBe(file);
  });

  it('offers every split that could be', () => {
    expect(parsePackageFileName('a-1-2.apk')).toEqual([
      { name: 'a-1', version: '2' },
      { name: 'a', version: '1-2' },
    ]);
  });

  it.each(['APKINDEX.tar.gz', 'a.apk', '-1.apk', 'a-.apk', '../a-1.apk', 'a-1.apk.sig', `${'-1'.repeat(500)}.apk`])(
    '%s is none',
    (file) => {
      expect(parsePackageFileName(file)).toEqual([]);
    },
  );
});
