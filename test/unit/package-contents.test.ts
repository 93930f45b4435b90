import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { expect, it } from 'vitest';

const root = path.join(import.meta.dirname, '..', '..');

it('npm publishes the built programs and what they need, and nothing of their making', () => {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const said = execFileSync('npm', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const [packed] = JSON.parse(said) as [{ readonly files: readonly { readonly path: string }[] }];
  const files = packed.files.map(({ path: file }) => file);
  const shipped =
    /^(?:(?:assets|docs)\/[\w./-]+|bin\/lkard?\.js|man\/lkard?\.[18]|dist\/(?:parts\/)?[\w-]+\.js(?:\.LEGAL\.txt)?|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/;
  expect(files).toContain('bin/lkard.js');
  expect(files.filter((file) => !shipped.test(file))).toEqual([]);
});
