import { readFileSync } from 'node:fs';
import { startLkard } from '../../test/support/programs.ts';
import type { RunningLkard } from '../../test/support/programs.ts';
import { keyFixture } from '../../test/support/signing-keys.ts';

/** A gateway in a process of its own, as an operator runs it, with a signing key of the length that operators use. */
export function startGatewayProcess(...flags: readonly string[]): Promise<RunningLkard> {
  return startLkard(['--signing-key', keyFixture('test-only-4096.rsa'), '--log-level', 'warn', ...flags]);
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
