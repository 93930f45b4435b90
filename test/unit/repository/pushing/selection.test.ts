import { describe, expect, it } from 'vitest';
import { EVERY } from '../../../../src/repository/live/look.ts';
import { scopeOfSelection, select } from '../../../../src/repository/pushing/selection.ts';
import { aRecord } from '../../../support/a-repository.ts';

const packages = [
  aRecord({ name: 'app', version: '1.0-r0' }),
  aRecord({ name: 'app', version: '1.1-r0' }),
  aRecord({ name: 'app', version: '1.1-r0', arch: 'aarch64' }),
  aRecord({ name: 'app-doc', version: '1.1-r0', arch: 'noarch' }),
];

const pathOf = (pkg: (typeof packages)[number]) => `${pkg.architecture}/${pkg.fileName}`;

describe('what a selection names', () => {
  it.each([
    ['a file of one architecture', { files: ['x86_64/app-1.1-r0.apk'] }, ['x86_64/app-1.1-r0.apk']],
    ['a file of any', { files: ['app-1.1-r0.apk'] }, ['x86_64/app-1.1-r0.apk', 'aarch64/app-1.1-r0.apk']],
    ['files by a pattern', { files: ['app-1.*'] }, packages.slice(0, 3).map(pathOf)],
    ['all of an architecture', { files: ['aarch64/*'] }, ['aarch64/app-1.1-r0.apk']],
    ['every version of a name', { names: ['app'] }, packages.slice(0, 3).map(pathOf)],
    ['names by a pattern', { names: ['app*'] }, packages.map(pathOf)],
  ])('is %s', (_, selection, expected) => {
    const { found, missing } = select(packages, (pkg) => pkg, selection);
    expect(found.map(pathOf)).toEqual(expected);
    expect(missing).toEqual([]);
  });

  it('is told where it is nowhere, each once', () => {
    const selection = { files: ['app-9.apk', 'app-9.apk', 'riscv64/*'], names: ['app', 'none'] };
    expect(select(packages, (pkg) => pkg, selection).missing).toEqual(['app-9.apk', 'riscv64/*', 'none']);
  });

  it.each([
    [{ files: ['x86_64/a.apk', 'aarch64/b.apk'] }, ['x86_64', 'aarch64']],
    [{ files: ['x86_64/a.apk', 'b.apk'] }, ['x86_64', EVERY]],
    [{ files: ['noarch/a.apk'] }, ['noarch', EVERY]],
    [{ files: ['*/a.apk'] }, [EVERY]],
    [{ names: ['a'] }, [EVERY]],
  ])('%j is looked for in %j', (selection, scope) => {
    expect(scopeOfSelection(selection)).toEqual(scope);
  });
});
