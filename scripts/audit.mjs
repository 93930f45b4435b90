// Asks npm's registry for known faults in what the programs are made of. A registry that doesn't answer, or knows no audits,
// fails nothing: a build must not hang on it.
import { spawnSync } from 'node:child_process';

const args = ['audit', '--omit=dev', '--audit-level=high', '--json', '--fetch-retries=0', '--fetch-timeout=20000'];
const { stdout, status } = spawnSync('npm', args, { encoding: 'utf8', timeout: 60_000 });
const vulnerabilities = reportIn(stdout)?.metadata?.vulnerabilities;
if (vulnerabilities === undefined) {
  console.error('the registry gives no audit; nothing was judged');
} else {
  console.log(JSON.stringify(vulnerabilities));
  process.exitCode = status ?? 1;
}

function reportIn(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
