import { spawn } from 'node:child_process';
import { z } from 'zod';
import { GatewayError } from '../errors.ts';
import type { Login } from './gateway-client.ts';

const credentialSchema = z.object({ Username: z.string(), Secret: z.string() });
const maxOutputBytes = 64 * 1024;

/** A program that keeps credentials, as Docker and its kin call it: `docker-credential-<name>` on the PATH. */
export interface CredentialHelper {
  /** Undefined where it has none for this server. */
  get(server: string): Promise<Login | undefined>;
  store(server: string, login: Login): Promise<void>;
  /** Also done where there was none. */
  erase(server: string): Promise<void>;
}

/** The helper of that name. All its methods throw REQUEST_INVALID where it can't be run or fails. */
export function createCredentialHelper(name: string): CredentialHelper {
  const program = `docker-credential-${name}`;
  return {
    async get(server) {
      const { exitCode, output } = await run(program, 'get', server);
      if (exitCode !== 0) return isNotFound(output) ? undefined : refuse(program, 'get', output);
      const parsed = credentialSchema.safeParse(JSON.parse(output));
      if (!parsed.success) return refuse(program, 'get', 'an answer of another form');
      return { username: parsed.data.Username, password: parsed.data.Secret };
    },
    async store(server, { username, password }) {
      const input = JSON.stringify({ ServerURL: server, Username: username, Secret: password });
      const { exitCode, output } = await run(program, 'store', input);
      if (exitCode !== 0) refuse(program, 'store', output);
    },
    async erase(server) {
      const { exitCode, output } = await run(program, 'erase', server);
      if (exitCode !== 0 && !isNotFound(output)) refuse(program, 'erase', output);
    },
  };
}

function isNotFound(output: string): boolean {
  return /not found/i.test(output);
}

/** Secrets go through standard input: arguments are in the process list. */
function run(program: string, action: string, input: string): Promise<{ exitCode: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [action], { stdio: ['pipe', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      if (output.length < maxOutputBytes) output += chunk.toString();
    });
    child.stdin.on('error', () => undefined);
    child.on('error', (cause) => {
      reject(new GatewayError('REQUEST_INVALID', `${program} can't be run: ${cause.message}`, { cause }));
    });
    child.on('close', (exitCode) => {
      resolve({ exitCode: exitCode ?? 1, output });
    });
    child.stdin.end(input);
  });
}

function refuse(program: string, action: string, output: string): never {
  const reason = action === 'get' ? '' : `: ${output.trim().slice(0, 200)}`;
  throw new GatewayError('REQUEST_INVALID', `${program} ${action} failed${reason}`);
}
