import { spawn } from 'node:child_process';
import * as z from 'zod';
import { GatewayError, isGatewayError } from '../errors.ts';
import { parseJson } from '../oci/json.ts';
import { isErrno } from '../files/errno.ts';

const credentialSchema = z.object({ Username: z.string(), Secret: z.string() });
const maxOutputBytes = 64 * 1024;
// A helper that asks its user, or the network, must not hold up everybody for good.
const timeoutMs = 30_000;

/** What a helper keeps: a password, or with the user `<token>` an identity token. */
export interface HelperCredentials {
  readonly username: string;
  readonly secret: string;
}

/** A program that keeps credentials, as Docker and its kin call it: `docker-credential-<name>` on the PATH. */
export interface CredentialHelper {
  /** Undefined where it has none for this server. */
  get(server: string): Promise<HelperCredentials | undefined>;
  store(server: string, credentials: HelperCredentials): Promise<void>;
  /** Also done where there was none. */
  erase(server: string): Promise<void>;
}

/**
 * What a helper answers; undefined where it isn't installed, which `onMissing` is called with: Docker Desktop leaves its name behind
 * in `config.json`.
 */
export async function unlessMissing<T>(ask: () => Promise<T>, onMissing: () => void): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (!isGatewayError(error, 'CONFIG_INVALID') || error.details['isMissing'] !== true) throw error;
    onMissing();
    return undefined;
  }
}

/** The helper of that name. All its methods throw CONFIG_INVALID where it can't be run or fails. */
export function createCredentialHelper(name: string): CredentialHelper {
  // A path would run any program that whoever writes the file likes.
  if (!/^[A-Za-z0-9._-]+$/.test(name))
    throw new GatewayError('CONFIG_INVALID', 'a credential helper has no plain name');
  const program = `docker-credential-${name}`;
  return {
    async get(server) {
      const { exitCode, output } = await run(program, 'get', server);
      if (exitCode === 0) return parseCredentials(program, output);
      return isNotFound(output) ? undefined : refuse(program, 'get');
    },
    async store(server, { username, secret }) {
      const input = JSON.stringify({ ServerURL: server, Username: username, Secret: secret });
      const { exitCode } = await run(program, 'store', input);
      if (exitCode !== 0) refuse(program, 'store');
    },
    async erase(server) {
      const { exitCode, output } = await run(program, 'erase', server);
      if (exitCode !== 0 && !isNotFound(output)) refuse(program, 'erase');
    },
  };
}

function parseCredentials(program: string, output: string): HelperCredentials {
  const parsed = credentialSchema.safeParse(parseJson(output));
  if (!parsed.success) return refuse(program, 'get');
  return { username: parsed.data.Username, secret: parsed.data.Secret };
}

function isNotFound(output: string): boolean {
  return /not found/i.test(output);
}

/** Secrets go through standard input: arguments are in the process list. */
function run(program: string, action: string, input: string): Promise<{ exitCode: number; output: string }> {
  return new Promise((resolve, reject) => {
    // Not by spawn's own time-out: its timer goes on where the program can't be started.
    const signal = AbortSignal.timeout(timeoutMs);
    const child = spawn(program, [action], { stdio: ['pipe', 'pipe', 'inherit'], signal });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      if (output.length < maxOutputBytes) output += chunk.toString();
    });
    child.stdin.on('error', () => undefined);
    child.on('error', (cause) => {
      const details = { isMissing: isErrno(cause, 'ENOENT') };
      reject(new GatewayError('CONFIG_INVALID', `${program} can't be run: ${cause.message}`, { cause, details }));
    });
    child.on('close', (exitCode) => {
      resolve({ exitCode: exitCode ?? 1, output });
    });
    child.stdin.end(input);
  });
}

/** Without what it printed: that may hold the secret. */
function refuse(program: string, action: string): never {
  throw new GatewayError('CONFIG_INVALID', `${program} ${action} failed`);
}
