import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const root = path.join(import.meta.dirname, '..', '..');

export interface ProgramResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly input?: string;
  /** Beside PATH and HOME. */
  readonly env?: Readonly<Record<string, string>>;
  /** The working directory. */
  readonly cwd?: string;
  /** A program and its arguments that run this one in their own place: `prlimit --fsize=1024`. */
  readonly wrapper?: readonly string[];
}

export interface RunningLkard {
  /** As lkard printed it. */
  readonly url: string;
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** All that was printed until then. */
  readonly output: () => string;
  readonly pid: number;
  /** Resolves with the exit code once it ended, however that came. */
  readonly ended: Promise<number | null>;
  /** Sends SIGTERM; the exit code. */
  stop(): Promise<number | null>;
  /** Sends SIGKILL: no request is finished, nothing is said. */
  kill(): Promise<void>;
}

/** Builds the programs if their sources are newer: a test of them must not run yesterday's. */
export async function buildPrograms(): Promise<void> {
  // Test files run side by side and would build into one folder.
  const lock = path.join(tmpdir(), `lkard-build-${Buffer.from(root).toString('hex').slice(-40)}`);
  while (!isTaken(lock)) await sleep(100);
  try {
    execFileSync(process.execPath, [path.join(root, 'scripts', 'prepare.mjs')], { cwd: root, stdio: 'pipe' });
  } finally {
    rmdirSync(lock);
  }
}

/** Runs `lkar` or `lkard` to its end. */
export async function runBin(
  name: 'lkar' | 'lkard',
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  const child = start(name, args, options);
  const [stdout, stderr] = [textOf(child.stdout), textOf(child.stderr)];
  child.stdin?.end(options.input ?? '');
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { exitCode, stdout: stdout(), stderr: stderr() };
}

/** Starts `lkard` on a free port and waits until it says where it serves. */
export async function startLkard(args: readonly string[], options: ProgramOptions = {}): Promise<RunningLkard> {
  const child = start('lkard', ['--addr', '127.0.0.1:0', '--drain-timeout', '2s', ...args], options);
  const [stdout, stderr] = [textOf(child.stdout), textOf(child.stderr)];
  const ended = once(child, 'close') as Promise<[number | null]>;
  const url = await untilPrinted(child, () => /serves Alpine packages at (\S+)/.exec(stdout())?.[1]).catch(() => {
    throw new Error(`lkard ended with ${child.exitCode}: ${stderr()}`);
  });
  return {
    url,
    host: new URL(url).host,
    output: () => stdout() + stderr(),
    stop: async () => {
      child.kill('SIGTERM');
      return (await ended)[0];
    },
    pid: child.pid!,
    ended: ended.then(([exitCode]) => exitCode),
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function start(name: string, args: readonly string[], { env, cwd, wrapper = [] }: ProgramOptions): ChildProcess {
  const { PATH = '', HOME = '' } = process.env;
  const node = [process.execPath, path.join(root, 'bin', `${name}.js`)];
  const [program = '', ...rest] = [...wrapper, ...node, ...args];
  return spawn(program, rest, { cwd, env: { PATH, HOME, ...env } });
}

function textOf(stream: NodeJS.ReadableStream | null): () => string {
  let text = '';
  stream?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return () => text;
}

async function untilPrinted(child: ChildProcess, find: () => string | undefined): Promise<string> {
  for (;;) {
    const found = find();
    if (found !== undefined) return found;
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('it ended');
    await Promise.race([once(child.stdout!, 'data'), once(child, 'close')]);
  }
}

function isTaken(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    return false;
  }
}
