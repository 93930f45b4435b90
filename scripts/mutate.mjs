// Takes out one rule of the core at a time, in a copy, and shows that the simulation notices; then each known fault's mend, and shows
// that its test does: `npm run mutate [-- WORD]`, where only those with that word in their sentence are taken out. Exits with 1 where
// one isn't missed.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..');
const seed = process.env.SIMULATION_SEED ?? '77';
const maxMs = 300_000;
const [word = ''] = process.argv.slice(2);

const copy = mkdtempSync(path.join(tmpdir(), 'lkard-mutate-'));
process.once('exit', () => rmSync(copy, { recursive: true, force: true }));
process.once('SIGINT', () => process.exit(130));
// Without the lock file: nothing is to be installed for a copy.
for (const name of ['src', 'test', 'bin', 'assets', 'scripts', 'package.json', 'tsconfig.json', 'vitest.config.ts']) {
  cpSync(path.join(root, name), path.join(copy, name), { recursive: true });
}
symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));

const wanted = search('--list').filter(({ rule }) => rule.includes(word));
const survivors = [
  ...wanted.filter((mutation) => !isMissed(mutation)).map(({ rule }) => rule),
  ...[...new Set(wanted.map(suiteOf))]
    .filter((suite) => !holds(JSON.parse(suite)))
    .map((suite) => `nothing taken out, ${suite}`),
];
console.log(`${wanted.length} rules, ${survivors.length} of them not missed`);
process.exitCode = survivors.length === 0 ? 0 : 1;

/** Whether a schedule fails without this rule. */
function isMissed(mutation) {
  const { rule, file, found, instead, suite } = mutation;
  const runs = runsOf(mutation);
  const target = path.join(copy, file);
  const source = readFileSync(target, 'utf8');
  writeFileSync(
    target,
    source.replace(found, () => instead),
  );
  try {
    const { tried, fault, isCrash } = search('--suite', JSON.stringify(suite), '--runs', String(runs), '--seed', seed);
    if (fault === undefined) return tell('NOT MISSED', rule, `${tried} schedules`);
    if (isCrash) return tell('CRASH', rule, fault);
    return tell(`schedule ${tried}`, rule, fault);
  } finally {
    writeFileSync(target, source);
  }
}

/** Whether the same schedules keep every promise where all rules are there: else a failure would say nothing. */
function holds({ suite, runs }) {
  const { tried, fault } = search('--suite', JSON.stringify(suite), '--runs', String(runs), '--seed', seed);
  const name = `nothing taken out, ${suite.test ?? JSON.stringify(suite)}`;
  return fault === undefined ? tell(`${tried} hold`, name, '') : tell('FAILS', name, fault) && false;
}

/** As many as it needs, unless SIMULATION_RUNS says otherwise. */
function runsOf({ runs = 500 }) {
  return Number(process.env.SIMULATION_RUNS ?? runs);
}

function suiteOf({ suite }) {
  const runs = Math.max(...wanted.filter((one) => JSON.stringify(one.suite) === JSON.stringify(suite)).map(runsOf));
  return JSON.stringify({ suite, runs });
}

/** What is fixed: schedules that were known to be bad once, and tables of what follows from a look. */
function runKnown() {
  return runTests(
    'test/simulation/publish/known-',
    'test/unit/repository/live',
    'test/unit/repository/views/patience.test.ts',
  );
}

/** One test, by words of its name as its file has them. */
function runNamed({ file, test }) {
  const words = test.split(/%[sid]/).map((text) => text.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&'));
  return runTests(`test/${file}`, '--testNamePattern', words.join('.*'));
}

function runTests(...args) {
  const vitest = path.join(copy, 'node_modules/vitest/vitest.mjs');
  const { stdout, stderr, error } = spawnSync(process.execPath, [vitest, 'run', ...args, '--reporter=json'], {
    cwd: copy,
    encoding: 'utf8',
    timeout: maxMs,
    maxBuffer: 2 ** 26,
  });
  if (error?.code === 'ETIMEDOUT') return { tried: '?', fault: `a test doesn't end within ${maxMs / 1000} s` };
  const begin = stdout.indexOf('{"num');
  if (begin === -1)
    return { tried: 0, fault: `the test run broke off: ${stderr.trim().split('\n').at(-1)}`, isCrash: true };
  const results = JSON.parse(stdout.slice(begin))
    .testResults.flatMap((file) => file.assertionResults)
    .filter(({ status }) => status === 'passed' || status === 'failed');
  const failed = results.find(({ status }) => status === 'failed');
  if (results.length === 0) return { tried: 0, fault: 'nothing ran', isCrash: true };
  return { tried: results.length, fault: failed?.title, isCrash: false };
}

function search(...args) {
  if (args[1] === '"known"') return runKnown();
  if (args[0] === '--suite' && args[1].includes('"test"')) return runNamed(JSON.parse(args[1]));
  const file = path.join(copy, 'test', 'simulation', 'mutations', 'search.ts');
  const options = { cwd: copy, encoding: 'utf8', timeout: maxMs, killSignal: 'SIGKILL', maxBuffer: 2 ** 26 };
  const { status, stdout, stderr, error } = spawnSync(process.execPath, ['--import', 'tsx', file, ...args], options);
  if (error?.code === 'ETIMEDOUT') return { tried: '?', fault: `a schedule doesn't end within ${maxMs / 1000} s` };
  if (status !== 0)
    return {
      tried: 0,
      fault:
        stderr
          .trim()
          .split('\n')
          .find((line) => line.includes('Error')) ?? stderr,
      isCrash: true,
    };
  return JSON.parse(stdout);
}

function tell(outcome, rule, fault) {
  console.log(`${outcome.padEnd(13)} ${rule.padEnd(72)} ${fault.replaceAll(/\s+/g, ' ').slice(0, 90)}`);
  return outcome.startsWith('schedule') || outcome.endsWith('hold');
}
