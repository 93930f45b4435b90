import { basename } from 'node:path';
import { MultiBar, Presets } from 'cli-progress';
import { formatSize } from '../../shared/output.ts';
import type { LocalFile } from './push-body.ts';
import { sayLine, type Terminal } from '../../shared/terminal.ts';

/** Shows how far files have got: bars on a terminal, a line a file elsewhere. */
export interface Progress {
  /** A file has got as far as this, in bytes. */
  readonly reach: (file: LocalFile, bytes: number) => void;
  readonly stop: () => void;
}

/** The progress of these files on the terminal's standard error. */
export function createProgress(terminal: Terminal, verb: string, files: readonly LocalFile[]): Progress {
  return terminal.stderr.isTTY === true ? barsOf(terminal, files) : linesOf(terminal, verb, files);
}

function barsOf(terminal: Terminal, files: readonly LocalFile[]): Progress {
  const options = { stream: terminal.stderr, clearOnComplete: true, format: '{name} [{bar}] {percentage}% of {size}' };
  const bars = new MultiBar(options, Presets.shades_classic);
  const barOf = new Map(
    files.map((file) => {
      const facts = { name: basename(file.path), size: formatSize(file.size) };
      return [file, bars.create(file.size, 0, facts)] as const;
    }),
  );
  return {
    reach: (file, bytes) => {
      barOf.get(file)?.update(bytes);
    },
    stop: () => {
      bars.stop();
    },
  };
}

function linesOf(terminal: Terminal, verb: string, files: readonly LocalFile[]): Progress {
  for (const file of files) sayLine(terminal, `${verb} ${basename(file.path)} (${formatSize(file.size)})`);
  return { reach: () => undefined, stop: () => undefined };
}
