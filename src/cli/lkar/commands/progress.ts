import { basename } from 'node:path';
import { Presets, SingleBar } from 'cli-progress';
import { formatSize } from '../../shared/size-text.ts';
import { sayLine, type Terminal } from '../../shared/terminal.ts';
import type { LocalFile } from './push-body.ts';

/** Shows how far files have got: a bar on a terminal, plain lines elsewhere. */
export interface Progress {
  /** A file has got as far as this, in bytes; from the beginning again where it is sent again. */
  readonly reach: (file: LocalFile, bytes: number) => void;
  readonly stop: () => void;
}

/** What is done with the files, and what is said once all of them are through and the other side works on. */
export type ProgressVerb = 'uploading' | 'downloading';

/** Where a log is read, a line each so many seconds shows that it goes on. */
const lineEveryMs = 10_000;

/** The progress of these files on the terminal's standard error. */
export function createProgress(
  terminal: Terminal,
  verb: ProgressVerb,
  files: readonly LocalFile[],
  now: () => number = () => performance.now(),
): Progress {
  const tally = createTally(files, now);
  return terminal.stderr.isTTY === true ? barOf(terminal, verb, tally) : linesOf(terminal, verb, files, tally);
}

/** How far all of them are together. */
interface Tally {
  readonly totalBytes: number;
  reach(file: LocalFile, bytes: number): { readonly bytes: number; readonly isNew: boolean; readonly isAll: boolean };
  /** `3.1 MiB/s, 12 s left` */
  pace(): string;
}

function createTally(files: readonly LocalFile[], now: () => number): Tally {
  const reached = new Map<LocalFile, number>();
  const totalBytes = files.reduce((sum, { size }) => sum + size, 0);
  const beganMs = now();
  let bytes = 0;
  return {
    totalBytes,
    reach(file, fileBytes) {
      const before = reached.get(file);
      reached.set(file, fileBytes);
      bytes += fileBytes - (before ?? 0);
      return { bytes, isNew: before === undefined || fileBytes < before, isAll: totalBytes > 0 && bytes >= totalBytes };
    },
    pace() {
      const seconds = (now() - beganMs) / 1000;
      if (seconds < 0.5 || bytes === 0) return '';
      const rate = bytes / seconds;
      return `${formatSize(Math.round(rate))}/s, ${formatSeconds((totalBytes - bytes) / rate)} left`;
    },
  };
}

function barOf(terminal: Terminal, verb: ProgressVerb, tally: Tally): Progress {
  const format = '{what} [{bar}] {percentage}% of {size}  {pace}';
  const options = { stream: terminal.stderr, clearOnComplete: true, format };
  const bar = new SingleBar(options, Presets.shades_classic);
  // Started with the first byte: a fault before it needs no bar.
  let isStarted = false;
  return {
    reach(file, fileBytes) {
      const { bytes, isAll } = tally.reach(file, fileBytes);
      const isChecking = isAll && verb === 'uploading';
      const what = isChecking ? 'sent; the gateway is checking' : `${verb} ${basename(file.path)}`;
      const facts = { what, size: formatSize(tally.totalBytes), pace: isAll ? '' : tally.pace() };
      if (isStarted) bar.update(bytes, facts);
      else bar.start(tally.totalBytes, bytes, facts);
      isStarted = true;
    },
    stop: () => {
      if (isStarted) bar.stop();
    },
  };
}

function linesOf(terminal: Terminal, verb: ProgressVerb, files: readonly LocalFile[], tally: Tally): Progress {
  let saidAtMs = performance.now();
  let isChecking = false;
  const say = (line: string) => {
    saidAtMs = performance.now();
    sayLine(terminal, line);
  };
  return {
    reach(file, fileBytes) {
      const { bytes, isNew, isAll } = tally.reach(file, fileBytes);
      const of = files.length === 1 ? '' : `, ${files.indexOf(file) + 1} of ${files.length}`;
      if (isNew) say(`${verb} ${basename(file.path)} (${formatSize(file.size)}${of})`);
      else if (performance.now() - saidAtMs > lineEveryMs) {
        say(`${formatSize(bytes)} of ${formatSize(tally.totalBytes)}, ${tally.pace()}`);
      }
      if (isAll && verb === 'uploading' && !isChecking) {
        isChecking = true;
        say('sent; the gateway is checking');
      }
      if (!isAll) isChecking = false;
    },
    stop: () => undefined,
  };
}

/** `1 min 5 s` */
function formatSeconds(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds));
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
