import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

const root = path.join(import.meta.dirname, '../..');

/** A gateway in a process of its own, as an operator runs it. */
export interface GatewayProcess {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts `lkard` with a fixed signing key and waits until it serves. */
export async function startGatewayProcess(...flags: readonly string[]): Promise<GatewayProcess> {
  const key = path.join(root, 'test/fixtures/keys/test-only-4096.rsa');
  const child = spawn(
    process.execPath,
    [path.join(root, 'bin/lkard.js'), '--addr', '127.0.0.1:0', '--signing-key', key, '--log-level', 'warn', ...flags],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = once(child, 'exit');
  const url = await servedAt(child.stdout);
  if (url === undefined || child.pid === undefined) throw new Error('the gateway ended before it served');
  return {
    url,
    pid: child.pid,
    async stop() {
      child.kill();
      await ended;
    },
  };
}

/** Resident memory of a process in bytes; undefined where /proc is missing. */
export function residentBytes(pid: number): number | undefined {
  try {
    const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kib === undefined ? undefined : Number(kib) * 1024;
  } catch {
    return undefined;
  }
}

async function servedAt(output: NodeJS.ReadableStream): Promise<string | undefined> {
  const lines = createInterface(output);
  for await (const line of lines) {
    const url = /serves .* at (http\S+)/.exec(line)?.[1];
    if (url === undefined) continue;
    lines.close();
    output.resume();
    return url;
  }
  return undefined;
}
