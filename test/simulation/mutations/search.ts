import { parseArgs } from 'node:util';
import { mutations } from './mutations.ts';
import { search, type Searched } from './suites.ts';

/** `search.ts --list`, or `search.ts --suite '"quiet"' --runs N --seed N`: for scripts/mutate.mjs, which reads the JSON. */
async function main(): Promise<unknown> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { list: { type: 'boolean' }, suite: text, runs: text, seed: text } });
  if (values.list === true) return mutations;
  const suite = JSON.parse(values.suite ?? '"quiet"') as Searched;
  return await search(suite, Number(values.runs ?? 500), Number(values.seed ?? 77));
}

console.log(JSON.stringify(await main()));
