// Builds both programs into dist: each is what its start needs, in few files, with the libraries that it loads; a module of its own
// for each part that only some command needs. Node takes four times as long to find and link some five hundred small modules as to run them.
// Types are checked by `npm run typecheck`.
import { rmSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

const root = path.dirname(import.meta.dirname);
const outdir = path.join(root, 'dist');

rmSync(outdir, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: { lkard: 'src/cli/lkard/lkard.ts', lkar: 'src/cli/lkar/lkar.ts' },
  outdir,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.18',
  // Libraries in CommonJS ask for Node's own modules by `require`.
  banner: {
    js: "import { createRequire as createRequireOf } from 'node:module';\nconst require = createRequireOf(import.meta.url);",
  },
  // The licences ask for their notices to go along.
  minifySyntax: true,
  legalComments: 'linked',
  chunkNames: 'parts/[name]-[hash]',
  logLevel: 'warning',
});
