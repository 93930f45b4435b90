import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hash } from 'bcryptjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isGatewayError } from '../../../../src/errors.ts';
import { createHtpasswd } from '../../../../src/store/directory/htpasswd.ts';
import type { PasswordThread } from '../../../../src/store/directory/password-thread.ts';
import type { Credentials } from '../../../../src/store/store.ts';
import { aClock } from '../../../support/a-repository.ts';

let folder: string;
let file: string;
const clock = aClock();
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'htpasswd-'));
  file = join(folder, 'users');
  await writeFile(file, `# who may\nme:${await hash('secret', 4)}\n\n`);
});
afterEach(() => rm(folder, { recursive: true }));

const basic = (username: string, password: string): Credentials => ({ kind: 'basic', username, password });

describe('an htpasswd file', () => {
  it('lets in who is in it, each time', async () => {
    const authenticate = await createHtpasswd({ clock }, { file });
    await authenticate(basic('me', 'secret'), 'app', 'push');
    await authenticate(basic('me', 'secret'), 'app', 'push');
  });

  it.each<[string, Credentials]>([
    ['a wrong password', basic('me', 'Secret')],
    ['an unknown user', basic('you', 'secret')],
    ['nobody', { kind: 'anonymous' }],
    ['a token', { kind: 'bearer', token: 'secret' }],
  ])('lets in nobody else: %s', async (_, credentials) => {
    const authenticate = await createHtpasswd({ clock }, { file });
    await authenticate(basic('me', 'secret'), 'app', 'pull');
    await expect(authenticate(credentials, 'app', 'pull')).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  });

  it('that changes counts from then on, and a broken one does not', async () => {
    const authenticate = await createHtpasswd({ clock }, { file });
    await authenticate(basic('me', 'secret'), 'app', 'pull');
    await writeFile(file, `you:${await hash('other', 4)}\n`);
    clock.pass(1000);
    await expect(authenticate(basic('me', 'secret'), 'app', 'pull')).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    await writeFile(file, 'you:{SHA}abc\n');
    clock.pass(1000);
    await authenticate(basic('you', 'other'), 'app', 'pull');
  });

  it('may let some of them read only', async () => {
    await writeFile(file, `me:${await hash('secret', 4)}\nyou:${await hash('other', 4)}\n`);
    const authenticate = await createHtpasswd({ clock }, { file, writers: ['me'] });
    for (const action of ['pull', 'push', 'delete'] as const) await authenticate(basic('me', 'secret'), 'app', action);
    await authenticate(basic('you', 'other'), 'app', 'pull');
    for (const action of ['push', 'delete'] as const) {
      await expect(authenticate(basic('you', 'other'), 'app', action)).rejects.toMatchObject({ code: 'FORBIDDEN' });
      await expect(authenticate(basic('me', 'other'), 'app', action)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    }
  });

  it('takes as much work for every refusal as its most expensive line, so that nobody learns who is in it', async () => {
    await writeFile(file, `me:${await hash('secret', 4)}\nyou:${await hash('other', 7)}\n`);
    let rounds = 0;
    const thread: PasswordThread = {
      isRight(_password, line) {
        rounds += 2 ** Number(line.slice(4, 6));
        return Promise.resolve(false);
      },
    };
    const authenticate = await createHtpasswd({ clock, thread }, { file });
    for (const user of ['me', 'you', 'nobody']) {
      rounds = 0;
      await expect(authenticate(basic(user, 'guess'), 'app', 'pull')).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
      expect([user, rounds]).toEqual([user, 2 ** 7]);
    }
  });

  it('takes no password that bcrypt would cut', async () => {
    const long = 'ü'.repeat(36);
    await writeFile(file, `me:${await hash(long, 4)}\n`);
    const authenticate = await createHtpasswd({ clock }, { file });
    await authenticate(basic('me', long), 'app', 'pull');
    for (const more of ['x', 'ü'])
      await expect(authenticate(basic('me', long + more), 'app', 'pull')).rejects.toMatchObject({
        code: 'UNAUTHORIZED',
      });
  });

  it('holds nobody else up while passwords are checked, and refuses more than can be', async () => {
    await writeFile(file, `me:${await hash('secret', 4)}\nyou:${await hash('other', 8)}\n`);
    const authenticate = await createHtpasswd({ clock }, { file });
    const before = performance.eventLoopUtilization();
    const guesses = Array.from({ length: 80 }, (_, guess) => authenticate(basic('you', `${guess}`), 'app', 'pull'));
    const faults = await Promise.all(guesses.map((one) => one.catch((error: unknown) => error)));
    const { utilization } = performance.eventLoopUtilization(before);
    const codes = faults.map((fault) => (isGatewayError(fault) ? fault.code : 'none'));
    expect([...new Set(codes)].toSorted()).toEqual(['OVERLOADED', 'UNAUTHORIZED']);
    expect(utilization).toBeLessThan(0.5);
  });

  it.each(['me:plain', 'me:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=', 'me'])('is refused with the line %s', async (line) => {
    await writeFile(file, `${line}\n`);
    await expect(createHtpasswd({ clock }, { file })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('that is not there is refused', async () => {
    const missing = createHtpasswd({ clock }, { file: join(folder, 'none') });
    await expect(missing).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
