import { execFile, spawnSync } from 'node:child_process';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Client } from '../support/clients.ts';
import { makeTempDir } from '../support/temp-dir.ts';

export interface ProgramResult {
  readonly exitCode: number;
  /** What it printed on both streams, for a failed assertion to show. */
  readonly output: string;
}

/** A folder that a real apk takes for the root of a machine. */
export interface ApkRoot {
  readonly path: string;
  /** Runs apk on this root; `env` is added to an environment with nothing but PATH. */
  readonly apk: (args: readonly string[], env?: Readonly<Record<string, string>>) => Promise<ProgramResult>;
  /** The same, and throws unless it succeeds; what it printed. */
  readonly mustApk: (args: readonly string[], env?: Readonly<Record<string, string>>) => Promise<string>;
  /** Runs the repository's setup script, as `curl … | sh` does; what it printed. */
  setUp(base: string, headers?: Readonly<Record<string, string>>): Promise<string>;
  /** Adds a line to its repositories. */
  addRepository(line: string): Promise<void>;
  /** Trusts the public key in a file, under the file's own name or another. */
  trust(file: string, name?: string): Promise<void>;
  /** The text of a file in it; undefined where there is none. */
  read(file: string): Promise<string | undefined>;
  readonly remove: () => Promise<void>;
}

const isRootUser = process.getuid?.() === 0;
/** Namespaces keep what apk mounts inside the root from the machine. */
const mayUnshare = isRootUser && spawnSync('unshare', ['--mount', 'true']).status === 0;
const timeoutMs = 60_000;

/** Whether this client can install as the user who runs the tests: apk 2 only as root. */
export function mayInstall({ version }: Client): boolean {
  return isRootUser || !version.startsWith('2.');
}

/** Makes an empty root for the architecture. */
export async function makeApkRoot(client: Client, architecture = 'x86_64'): Promise<ApkRoot> {
  const folder = await makeTempDir();
  const common = ['--root', folder.path, '--arch', architecture, ...(isRootUser ? [] : ['--usermode'])];
  const apk: ApkRoot['apk'] = (args, env) => {
    const given = [client.program, ...common, ...args];
    const [program, ...rest] = mayUnshare ? ['unshare', '--mount', '--', ...given] : given;
    return runProgram(program!, rest, { env: { ...env, HOME: folder.path }, cwd: folder.path });
  };
  const mustApk: ApkRoot['mustApk'] = async (args, env) => mustSucceed(`apk ${args.join(' ')}`, await apk(args, env));
  await mustApk(['--initdb', 'add']);
  return {
    path: folder.path,
    apk,
    mustApk,
    async setUp(base, headers) {
      const answer = await fetch(`${base}/setup`, { headers: { ...headers } });
      const input = await answer.text();
      if (!answer.ok) throw new Error(`${base}/setup: ${answer.status} ${input}`);
      return mustSucceed('setup', await runProgram('sh', ['-s', '--', '--root', folder.path], { input }));
    },
    async addRepository(line) {
      await writeFile(path.join(folder.path, 'etc/apk/repositories'), `${line}\n`, { flag: 'a' });
    },
    async trust(file, name = path.basename(file)) {
      await mkdir(path.join(folder.path, 'etc/apk/keys'), { recursive: true });
      await copyFile(file, path.join(folder.path, 'etc/apk/keys', name));
    },
    read: (file) => readFile(path.join(folder.path, file), 'utf8').catch(() => undefined),
    remove: () => folder.remove(),
  };
}

/** Runs a program to its end, in this environment alone. */
export function runProgram(
  program: string,
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string; readonly input?: string } = {},
): Promise<ProgramResult> {
  const { env, cwd, input = '' } = options;
  return new Promise((resolve, reject) => {
    const settings = { cwd, env: { PATH: process.env['PATH'], ...env }, timeout: timeoutMs };
    const child = execFile(program, args, settings, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : error.code;
      if (typeof exitCode === 'number') resolve({ exitCode, output: stdout + stderr });
      else reject(new Error(`${program} was not run to its end: ${stdout}${stderr}`, { cause: error }));
    });
    // Whoever ends early doesn't read.
    child.stdin?.on('error', () => undefined).end(input);
  });
}

export function mustSucceed(what: string, { exitCode, output }: ProgramResult): string {
  if (exitCode !== 0) throw new Error(`${what} ended with ${exitCode}: ${output}`);
  return output;
}
