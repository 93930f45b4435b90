import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { GatewayError } from '../../errors.ts';
import { readNamedFile } from '../../files/text-file.ts';
import { createWatchedFile, fileVersions } from '../../files/watched-file.ts';
import type { Log } from '../../ports.ts';
import type { MonotonicClock } from '../../time/monotonic.ts';
import type { Authenticate } from './directory-store.ts';
import type { Credentials } from '../store.ts';
import { createPasswordThread, type PasswordThread } from './password-thread.ts';

export interface HtpasswdOptions {
  /** As Apache's htpasswd writes it; only bcrypt (`htpasswd -B`). */
  readonly file: string;
  /** How long the file is taken to be unchanged without looking. Default: 1,000 ms. */
  readonly lookAgainMs?: number | undefined;
  /** The users who may push and delete; the others read. Default: all of them. */
  readonly writers?: readonly string[] | undefined;
}

/** bcrypt doesn't read on. */
const maxPasswordBytes = 72;

interface Users {
  readonly hashes: ReadonlyMap<string, string>;
  /** Who has proven who they are, by user: bcrypt is made to be slow, and apk sends a password with each request. */
  readonly proven: Map<string, Buffer>;
}

interface HtpasswdDependencies {
  readonly clock: MonotonicClock;
  readonly log?: Pick<Log, 'error'> | undefined;
  readonly thread?: PasswordThread | undefined;
}

/**
 * Judges callers by an htpasswd file: whoever is in it may read, and push and delete unless only others may; nobody else may do
 * anything. The file is read again when it changes. Throws CONFIG_INVALID where it can't be read or has a line that isn't bcrypt.
 */
export async function createHtpasswd(
  { clock, log, thread = createPasswordThread() }: HtpasswdDependencies,
  options: HtpasswdOptions,
): Promise<Authenticate> {
  const { file, lookAgainMs, writers } = options;
  const secret = randomBytes(32);
  const users = createWatchedFile(clock, {
    version: () => fileVersions(file),
    load: async (): Promise<Users> => ({
      hashes: parseHtpasswd(await readNamedFile(file, '--htpasswd')),
      proven: new Map(),
    }),
    lookAgainMs,
    // While the file is being replaced, who was known stays known.
    onFault: (err) => log?.error({ err, file }, 'the users changed and cannot be used: those known before go on'),
  });
  await users.current();

  const proofOf = (password: string) => createHmac('sha256', secret).update(password).digest();

  const authenticate = async (credentials: Credentials): Promise<string> => {
    if (credentials.kind !== 'basic') throw unauthorized('a user and a password are needed');
    const { username, password } = credentials;
    const { hashes, proven } = await users.current();
    const proof = proofOf(password);
    const before = proven.get(username);
    if (before !== undefined && timingSafeEqual(before, proof)) return username;
    // Its beginning alone would do as well.
    if (Buffer.byteLength(password) > maxPasswordBytes)
      throw unauthorized(`a password has at most ${maxPasswordBytes} bytes here`);
    const hash = hashes.get(username);
    if (hash === undefined || !(await thread.isRight(password, hash))) {
      for (const other of alibisFor(hash, [...hashes.values()])) await thread.isRight(password, other);
      throw unauthorized('the user or the password is wrong');
    }
    proven.set(username, proof);
    return username;
  };

  return async (credentials, _image, action) => {
    const username = await authenticate(credentials);
    if (action === 'pull' || writers === undefined || writers.includes(username)) return;
    throw new GatewayError('FORBIDDEN', `${username} may read here, and not ${action}`, { details: { right: action } });
  };
}

/**
 * What else to check after a wrong password, so that every refusal takes the time of the most expensive line and nobody
 * learns who is known: bcrypt takes 2^cost rounds, and 2^a + 2^a + 2^(a+1) + … + 2^(b-1) = 2^b.
 */
function alibisFor(checked: string | undefined, hashes: readonly string[]): readonly string[] {
  const [hash] = hashes.toSorted((a, b) => costOf(b) - costOf(a));
  if (hash === undefined) return [];
  if (checked === undefined) return [hash];
  const costs = Array.from({ length: costOf(hash) - costOf(checked) }, (_, step) => costOf(checked) + step);
  return costs.map((cost) => `$2b$${String(cost).padStart(2, '0')}${hash.slice('$2b$00'.length)}`);
}

function costOf(hash: string): number {
  return Number(hash.slice('$2b$'.length, '$2b$00'.length));
}

function parseHtpasswd(text: string): ReadonlyMap<string, string> {
  const lines = text.split(/\r?\n/).map((line, at) => ({ line: line.trim(), number: at + 1 }));
  const used = lines.filter(({ line }) => line !== '' && !line.startsWith('#'));
  return new Map(
    used.map(({ line, number }) => {
      const [, user, hash] = /^([^:]+):(\$2[aby]\$\d\d\$[./A-Za-z0-9]{53})$/.exec(line) ?? [];
      if (user === undefined || hash === undefined) {
        throw new GatewayError(
          'CONFIG_INVALID',
          `--htpasswd: line ${number} is no bcrypt entry (htpasswd -B makes them)`,
        );
      }
      return [user, hash] as const;
    }),
  );
}

function unauthorized(message: string): GatewayError {
  return new GatewayError('UNAUTHORIZED', message);
}
