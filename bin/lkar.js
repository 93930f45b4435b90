#!/usr/bin/env node
import { existsSync } from 'node:fs';

const built = new URL('../dist/lkar.js', import.meta.url);
if (existsSync(built)) {
  const { runLkar } = await import(built.href);
  process.exitCode = await runLkar(process.argv.slice(2), process);
} else {
  process.stderr.write('lkar is not built yet: run "npm install && npm run build" where it was cloned\n');
  process.exitCode = 1;
}
