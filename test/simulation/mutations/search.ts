import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { placeOf } from './mutated.ts';
import { mutations } from './mutations.ts';
import { search, type Searched } from './suites.ts';

/** `search.ts --list`, or `search.ts --suite '"quiet"' --runs N --seed N`: for scripts/mutate.mjs, which reads the JSON. */
async function main(): Promise<unknown> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { list: { type: 'boolean' }, suite: text, runs: text, seed: text } });
  if (values.list === true) return listed();
  const suite = JSON.parse(values.suite ?? '"quiet"') as Searched;
  return await search(suite, Number(values.runs ?? 500), Number(values.seed ?? 77));
}

/** Each rule with where its text stands; throws where one has gone. */
function listed() {
  const root = path.join(import.meta.dirname, '..', '..', '..');
  const files = readdirSync(path.join(root, 'src', 'repository'), { recursive: true, encoding: 'utf8' });
  const named = files.filter((name) => name.endsWith('.ts')).map((name) => path.join('src', 'repository', name));
  const sources = new Map(named.map((file) => [file, readFileSync(path.join(root, file), 'utf8')]));
  return mutations.map((mutation) => ({ ...mutation, ...placeOf(mutation.text, sources) }));
}

console.log(JSON.stringify(await main()));
