import { readFileSync, readdirSync } from 'node:fs';
import { startLkard, type RunningLkard } from '../../test/support/programs.ts';
import { keyFixture } from '../../test/support/signing-keys.ts';

/** A gateway in a process of its own, as an operator runs it, with a signing key of the length that operators use. */
export function startGatewayProcess(...flags: readonly string[]): Promise<RunningLkard> {
  return startLkard(['--signing-key', keyFixture('test-only-4096.rsa'), '--log-level', 'warn', ...flags]);
}

/** Seconds of processor time that a process and its children have used; undefined where /proc is missing. */
export function processorSeconds(pid: number): number | undefined {
  try {
    const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && statOf(name)?.parent === pid);
    const used = [String(pid), ...children].map((name) => statOf(name)?.ticks ?? 0);
    return used.reduce((sum, ticks) => sum + ticks, 0) / ticksPerSecond;
  } catch {
    return undefined;
  }
}

// What every Linux tells user space, whatever its kernel counts in.
const ticksPerSecond = 100;

function statOf(pid: string): { parent: number; ticks: number } | undefined {
  try {
    // A program's name, in brackets, may hold anything.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
  } catch {
    return undefined;
  }
}

/** Resident memory of a process in bytes; undefined where /proc is missing. */
export function residentBytes(pid: number): number | undefined {
  return memoryOf(pid, /^VmRSS:\s+(\d+)/m);
}

/** The most that it ever was. */
export function peakResidentBytes(pid: number): number | undefined {
  return memoryOf(pid, /^VmHWM:\s+(\d+)/m);
}

function memoryOf(pid: number, line: RegExp): number | undefined {
  try {
    const kib = line.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kib === undefined ? undefined : Number(kib) * 1024;
  } catch {
    return undefined;
  }
}
