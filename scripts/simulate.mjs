// Runs the publish protocol's simulation for long: `npm run simulate -- 200000 [seed]`. Without a seed each run takes a new one,
// which a failure prints.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const [runs = '100000', seed = String(Math.floor(Math.random() * 2 ** 31))] = process.argv.slice(2);
console.log(`${runs} schedules, seed ${seed}`);
const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
const { status } = spawnSync(process.execPath, [vitest, 'run', 'test/simulation/publish'], {
  stdio: 'inherit',
  env: { ...process.env, SIMULATION_RUNS: runs, SIMULATION_SEED: seed },
});
process.exitCode = status ?? 1;
