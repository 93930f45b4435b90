#!/usr/bin/env node
import { existsSync } from 'node:fs';

const built = new URL('../dist/lkard.js', import.meta.url);
if (existsSync(built)) {
  const { runLkard } = await import(built.href);
  process.exitCode = await runLkard(process.argv.slice(2), process);
} else {
  process.stderr.write('lkard is not built yet: run "npm install && npm run build" where it was cloned\n');
  process.exitCode = 1;
}
