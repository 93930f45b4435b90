import type { Command } from 'commander';
import { addExamples } from '../../shared/help.ts';
import type { LoginOptions } from '../commands/login.ts';
import type { InSession } from './in-session.ts';
import { targetHelp } from './options.ts';

/** Adds `login` and `logout`. */
export function addLoginCommands(program: Command, inSession: InSession): void {
  const login = program
    .command('login')
    .description('keep a login for a gateway, once it is found good')
    .argument('<registry>', targetHelp)
    .option('-u, --user <name>', 'user; asked for on a terminal')
    .option('-p, --pass <password>', 'password; better asked for, or piped in')
    .option('--password-stdin', 'read the password from standard input')
    .action((target: string, options: LoginOptions) =>
      inSession(async (session) => (await import('../commands/login.ts')).logIn(session, target, options)),
    );
  addExamples(login, [
    'lkar login apk.example.org',
    'echo "$TOKEN" | lkar login apk.example.org/team/app -u ci --password-stdin',
  ]);
  program
    .command('logout')
    .description('forget a login')
    .argument('<registry>', targetHelp)
    .action((target: string) =>
      inSession(async (session) => (await import('../commands/login.ts')).logOut(session, target)),
    );
}
