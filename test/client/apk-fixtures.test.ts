import { readFileSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { describeForEachApk } from './matrix.ts';

const folder = path.join(import.meta.dirname, '../fixtures/good');

/** The good packages that an x86_64 machine may install, by what Alpine's own indexer says of them. */
async function goodPackages() {
  const records = (await readdir(folder)).filter((name) => name.endsWith('.record'));
  const packages = records.map((record) => {
    const fields = readFileSync(path.join(folder, record), 'utf8').split('\n');
    const letter = (name: string) => fields.find((field) => field.startsWith(`${name}:`))?.slice(2) ?? '';
    const bytes = readFileSync(path.join(folder, record.replace(/record$/, 'apk')));
    return { name: letter('P'), version: letter('V'), architecture: letter('A') || 'noarch', bytes };
  });
  const fitting = packages.filter(({ architecture }) => ['x86_64', 'noarch', 'all'].includes(architecture));
  // Some are one package in several forms.
  return [...new Map(fitting.map((pkg) => [`${pkg.name}-${pkg.version}`, pkg])).values()];
}

describeForEachApk(({ aRepository, aRoot }) => {
  it('lists and fetches every good package of the fixtures, all in one repository', async () => {
    const { base } = aRepository();
    const packages = await goodPackages();
    const body = new FormData();
    for (const { name, bytes } of packages) body.append('file', new Blob([bytes]), `${name}.apk`);
    const pushed = await fetch(`${base}/push`, { method: 'POST', body });
    expect([pushed.status, pushed.ok ? '' : await pushed.text()]).toEqual([201, '']);
    const root = await aRoot();
    await root.setUp(base);
    await root.mustApk(['update']);
    const listed = (await root.mustApk(['search'])).split('\n').filter((line) => line !== '');
    const names = packages.map(({ name, version }) => `${name}-${version}`);
    expect(listed.sort()).toEqual(names.sort());
    await root.mustApk(['fetch', '--output', root.path, ...packages.map(({ name }) => name)]);
    for (const { name, version, bytes } of packages) {
      const fetched = await readFile(path.join(root.path, `${name}-${version}.apk`));
      expect([name, fetched.equals(bytes)]).toEqual([name, true]);
    }
  });
});
