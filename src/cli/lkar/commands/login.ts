import { GatewayError, isGatewayError } from '../../../errors.ts';
import type { Login } from '../http/gateway-client.ts';
import { askLine, readPassword } from '../login/prompt.ts';
import type { Session } from '../session.ts';
import type { Target } from '../../shared/target.ts';
import { printLine, sayLine } from '../../shared/terminal.ts';

export interface LoginOptions {
  readonly user?: string | undefined;
  readonly pass?: string | undefined;
  readonly passwordStdin?: boolean | undefined;
}

/** Keeps a login for `REGISTRY[/IMAGE]` once the gateway or registry there has said that it is good; else UNAUTHORIZED. */
export async function logIn(session: Session, name: string, options: LoginOptions): Promise<void> {
  const { terminal, logins } = session;
  const target = session.target(name);
  const login = await askLogin(session, options);
  await checkLogin(session, target, login);
  const { place, isPlain } = await logins.keep(target.name, login);
  if (isPlain) sayLine(terminal, `the password is kept unencrypted in ${place}; a credential helper would hide it`);
  printLine(terminal, `logged in to ${target.name}`);
}

/** Forgets the login kept for `REGISTRY[/IMAGE]`. Throws REPOSITORY_UNKNOWN where there is none. */
export async function logOut(session: Session, name: string): Promise<void> {
  const target = session.target(name);
  const wasThere = await session.logins.forget(target.name);
  if (!wasThere) throw new GatewayError('REPOSITORY_UNKNOWN', `no login is kept for ${target.name}`);
  printLine(session.terminal, `logged out of ${target.name}`);
}

async function checkLogin(session: Session, target: Target, login: Login): Promise<void> {
  try {
    await session.gatewayAs(target, login).checkLogin();
  } catch (error) {
    const isAnswer = !isGatewayError(error, 'STORE_UNAVAILABLE');
    if (isAnswer && (await session.isRegistryLogin(target, login))) return;
    throw isGatewayError(error, 'UNAUTHORIZED') ? wrongLogin(target, login, error) : error;
  }
}

/** The gateway may only say that it wants to know who is there. */
function wrongLogin(target: Target, { username }: Login, cause: unknown): GatewayError {
  const message = `wrong user or password: ${target.name} doesn't take this password for ${username}`;
  return new GatewayError('UNAUTHORIZED', message, { cause });
}

async function askLogin(session: Session, options: LoginOptions): Promise<Login> {
  const { terminal } = session;
  if (options.pass !== undefined && options.passwordStdin === true) {
    throw new GatewayError('REQUEST_INVALID', '--pass and --password-stdin exclude each other');
  }
  const isInteractive = terminal.stdin.isTTY === true;
  if (options.user === undefined && (!isInteractive || options.passwordStdin === true)) {
    throw new GatewayError('REQUEST_INVALID', 'who logs in? give --user');
  }
  if (options.pass !== undefined) {
    sayLine(terminal, 'a password on the command line stays in the history; --password-stdin is safer');
  } else if (options.passwordStdin !== true && !isInteractive) {
    throw new GatewayError('REQUEST_INVALID', 'there is no terminal to ask for the password; give --password-stdin');
  }
  const username = options.user ?? (await askLine(terminal, 'User: '));
  return { username, password: options.pass ?? (await askPassword(session, options)) };
}

function askPassword({ terminal, signal }: Session, options: LoginOptions): Promise<string> {
  return options.passwordStdin === true ? readPassword(terminal, signal) : askLine(terminal, 'Password: ', true);
}
