import { appendFileSync } from 'node:fs';
import { GatewayError } from '../../errors.ts';
import type { LineOutput } from './log.ts';
import { sayLine, type Terminal } from '../shared/terminal.ts';

/**
 * A file that lines are added to, made readable to its owner alone. It is opened again for each line, so that it may be moved
 * away at any time, and a line is with the system before anything else happens. A line that can't be written is said on
 * standard error. Throws CONFIG_INVALID where the file can't be written from the start.
 */
export function openAuditFile(file: string, terminal: Terminal): LineOutput {
  const append = (line: string) => {
    appendFileSync(file, line, { mode: 0o600 });
  };
  try {
    append('');
  } catch (cause) {
    throw new GatewayError('CONFIG_INVALID', `--audit-log ${file} can't be written`, { cause });
  }
  return {
    write(line) {
      try {
        append(line);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        sayLine(terminal, `error: the audit log can't be written (${reason}): ${line.trimEnd()}`);
      }
    },
  };
}
