import { execFile, spawnSync } from 'node:child_process';
import { copyFile, mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
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
  readonly apk: (args: readonly string[], env?: Environment) => Promise<ProgramResult>;
  /** The same, and throws unless it succeeds; what it printed. */
  readonly mustApk: (args: readonly string[], env?: Environment) => Promise<string>;
  /** Runs the repository's setup script by `curl … | sh`; what that printed. `user` is curl's, `name:password`. */
  setUp(
    base: string,
    how?: { readonly user?: string; readonly env?: Environment; readonly index?: 'v2' | 'v3' },
  ): Promise<string>;
  /** Adds a line to its repositories. */
  addRepository(line: string): Promise<void>;
  /** Trusts the public key in a file, under the file's own name or another. */
  trust(file: string, name?: string): Promise<void>;
  /** Has it believe that it fetched its indexes so long ago. */
  ageIndexes(ms: number): Promise<void>;
  /** The text of a file in it; undefined where there is none. */
  read(file: string): Promise<string | undefined>;
  readonly remove: () => Promise<void>;
}

export type Environment = Readonly<Record<string, string>>;

const isRootUser = process.getuid?.() === 0;
/** Whether programs can get mounts of their own: those keep what apk mounts inside a root from the machine. */
export const mayUnshare = isRootUser && spawnSync('unshare', ['--mount', 'true']).status === 0;
const timeoutMs = 60_000;

/** Whether this client can install as the user who runs the tests: apk 2 only as root. */
export function mayInstall({ version }: Client): boolean {
  return isRootUser || !version.startsWith('2.');
}

/** Makes an empty root for the architecture. */
export async function makeApkRoot(client: Client, architecture = 'x86_64'): Promise<ApkRoot> {
  const folder = await makeTempDir();
  const common = ['--root', folder.path, '--arch', architecture];
  const apk: ApkRoot['apk'] = (args, env) => {
    const given = [client.program, ...common, ...args];
    const [program, ...rest] = mayUnshare ? ['unshare', '--mount', '--', ...given] : given;
    return runProgram(program!, rest, { env: { ...env, HOME: folder.path }, cwd: folder.path });
  };
  const mustApk: ApkRoot['mustApk'] = async (args, env) => mustSucceed(`apk ${args.join(' ')}`, await apk(args, env));
  // Only apk 3 knows it, and remembers it in the root.
  await mustApk(['add', '--initdb', ...(isRootUser ? [] : ['--usermode'])]);
  return {
    path: folder.path,
    apk,
    mustApk,
    async setUp(base, { user, env, index = 'v2' } = {}) {
      const args = [`${base}/setup`, folder.path, index, ...(user === undefined ? [] : ['--user', user])];
      const script =
        'url=$1 root=$2 index=$3; shift 3; curl -fsS "$@" "$url" | sh -s -- --root "$root" --index "$index"';
      return mustSucceed(
        'setup',
        await runProgram('bash', ['-o', 'pipefail', '-c', script, 'setup', ...args], { env }),
      );
    },
    async addRepository(line) {
      await writeFile(path.join(folder.path, 'etc/apk/repositories'), `${line}\n`, { flag: 'a' });
    },
    async trust(file, name = path.basename(file)) {
      await mkdir(path.join(folder.path, 'etc/apk/keys'), { recursive: true });
      await copyFile(file, path.join(folder.path, 'etc/apk/keys', name));
    },
    async ageIndexes(ms) {
      const cache = path.join(folder.path, 'var/cache/apk');
      const then = new Date(Date.now() - ms);
      for (const name of await readdir(cache)) await utimes(path.join(cache, name), then, then);
    },
    read: (file) => readFile(path.join(folder.path, file), 'utf8').catch(() => undefined),
    remove: () => folder.remove(),
  };
}

/** Runs a program to its end, in this environment alone. */
export function runProgram(
  program: string,
  args: readonly string[],
  options: { readonly env?: Environment | undefined; readonly cwd?: string; readonly input?: string } = {},
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
