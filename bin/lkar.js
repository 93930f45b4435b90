#!/usr/bin/env node
const program = await import('../dist/cli/lkar.js').catch((error) => {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  console.error('lkar is not built yet: run npm install && npm run build in its folder');
  process.exit(1);
});
process.exitCode = await program.runLkar(process.argv.slice(2), process);
