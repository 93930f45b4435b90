// Runs the publish protocol's simulation for long: `npm run simulate -- 200000 [seed]`. Without a seed each run takes a new one,
// which a failure prints.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const [runs = '100000', seed] = process.argv.slice(2);
const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
const { status } = spawnSync(process.execPath, [vitest, 'run', 'test/simulation/publish'], {
  stdio: 'inherit',
  env: { ...process.env, SIMULATION_RUNS: runs, ...(seed === undefined ? {} : { SIMULATION_SEED: seed }) },
});
process.exitCode = status ?? 1;
