import { readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { blocksOf, root } from '../docs/doc-blocks.ts';

const pages = [
  'README.md',
  ...readdirSync(path.join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

it.each(pages)('%s says of every block whether it is run, and if not, why', (page) => {
  const unsaid = blocksOf(page).filter(({ kind, reason }) => kind === undefined || (kind === 'shown' && reason === ''));
  expect(unsaid.map(({ line, title }) => `${line}: ${title}`)).toEqual([]);
});
