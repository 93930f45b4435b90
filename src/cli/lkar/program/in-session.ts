import type { Command } from 'commander';
import { homeFolder } from '../../../files/home-folder.ts';
import { unlessInterrupted, type Interrupts } from '../../shared/interrupts.ts';
import type { Terminal } from '../../shared/terminal.ts';
import type { Session, SessionOptions } from '../session.ts';

/** Runs a command's work in a session that is made for it and closed behind it. */
export type InSession = (use: (session: Session) => Promise<void>) => Promise<void>;

/** Sessions as the program's own options say. What speaks HTTP is loaded by then, not for `--help`. */
export function sessionsOf(program: Command, terminal: Terminal & Partial<Interrupts>): InSession {
  return async (use) => {
    const { openSession } = await import('../session.ts');
    const options = program.opts<SessionOptions>();
    await unlessInterrupted(terminal, async (signal) => {
      const session = openSession(terminal, { ...options, signal });
      await use(session).finally(() => session.close());
    });
  };
}

/** Where container tools keep logins, unless told otherwise. */
export function defaultLoginFolder(): string {
  return `${homeFolder() ?? ''}/.docker`;
}
