import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { knownFaults } from './known-faults.ts';
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

/** Each rule and each known fault's mend with where its text stands; throws where one has gone. */
function listed() {
  const rules = new Map(mutations.map((mutation) => [mutation.rule, mutation]));
  const mends = knownFaults.map(({ fault, file, test, mend }) => {
    const change = 'rule' in mend ? rules.get(mend.rule) : mend;
    if (change === undefined) throw new Error(`no rule brings this back: ${fault}`);
    const { text, instead } = change;
    return { rule: fault, text, instead, suite: { file, test } };
  });
  const inCore = sourcesIn('src', 'repository');
  const inAll = sourcesIn('src');
  return [
    ...mutations.map((mutation) => ({ ...mutation, ...placeOf(mutation.text, inCore) })),
    ...mends.map((mend) => ({ ...mend, ...placeOf(mend.text, inAll) })),
  ];
}

function sourcesIn(...folder: readonly string[]): ReadonlyMap<string, string> {
  const root = path.join(import.meta.dirname, '..', '..', '..');
  const files = readdirSync(path.join(root, ...folder), { recursive: true, encoding: 'utf8' });
  const named = files.filter((name) => name.endsWith('.ts')).map((name) => path.join(...folder, name));
  return new Map(named.map((file) => [file, readFileSync(path.join(root, file), 'utf8')]));
}

console.log(JSON.stringify(await main()));
