import { Presets, SingleBar } from 'cli-progress';
import { formatSize } from './size-text.ts';
import { sayLine, type Terminal } from './terminal.ts';

/** How far a work of many equal steps has got. */
export interface CountProgress {
  readonly show: (now: { readonly done: number; readonly total: number; readonly bytes: number }) => void;
  readonly stop: () => void;
}

/** Steps between two lines, as a share of all. */
const share = 10;

/** Shows it on standard error: a bar on a terminal, elsewhere a line a tenth. */
export function createCountProgress(terminal: Terminal, noun: string): CountProgress {
  return terminal.stderr.isTTY === true ? barOf(terminal, noun) : linesOf(terminal, noun);
}

function barOf(terminal: Terminal, noun: string): CountProgress {
  const format = `[{bar}] {value} of {total} ${noun}, {size}`;
  const bar = new SingleBar({ stream: terminal.stderr, clearOnComplete: true, format }, Presets.shades_classic);
  let isStarted = false;
  return {
    show: ({ done, total, bytes }) => {
      const size = formatSize(bytes);
      if (isStarted) bar.update(done, { size });
      else bar.start(total, done, { size });
      isStarted = true;
    },
    stop: () => {
      bar.stop();
    },
  };
}

function linesOf(terminal: Terminal, noun: string): CountProgress {
  let said = 0;
  return {
    show: ({ done, total, bytes }) => {
      const tenth = Math.floor((share * done) / total);
      if (tenth <= said) return;
      said = tenth;
      sayLine(terminal, `${done} of ${total} ${noun}, ${formatSize(bytes)}`);
    },
    stop: () => undefined,
  };
}
