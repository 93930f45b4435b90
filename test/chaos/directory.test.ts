import { execFileSync } from 'node:child_process';
import { chmod, chown, mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { buildPrograms, startLkard, type ProgramOptions, type RunningLkard } from '../support/programs.ts';
import { findOnPath } from '../support/registry.ts';
import { keyFixture } from '../support/signing-keys.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import { createClient, type Client } from './clients.ts';
import { createGate } from './gate.ts';
import { emptyHistory, fetchFault, indexOf, missedBy, type History } from './history.ts';
import { makePackage, signingKeyName } from './packages.ts';

const isRoot = process.getuid?.() === 0;
const nobody = 65_534;
const strict = { behindMs: 0, lagMs: 0 };

beforeAll(() => buildPrograms(), 120_000);

let folder: string;
let history: History;
let client: Client;
beforeEach(async () => {
  const made = await makeTempDir();
  folder = made.path;
  history = emptyHistory();
  client = createClient('ci', {
    image: 'team/app',
    history,
    replicas: () => [],
    packages: new Map(),
    readsAtOnce: false,
    hasChanges: false,
    gate: createGate(),
  });
  onTestFinished(async () => {
    await client.close();
    await made.remove();
  });
});

async function start(data: string, options: ProgramOptions = {}): Promise<RunningLkard> {
  const flags = ['--data', data, '--signing-key', keyFixture(signingKeyName), '--log-level', 'error'];
  const lkard = await startLkard([...flags, '--publish-timeout', '5s'], options);
  onTestFinished(() => lkard.kill());
  return lkard;
}

const at = ({ url }: RunningLkard) => ({ name: new URL(url).port, url });

/** The statuses of so many pushes, several at once; stops where `until` says so. */
async function pushMany(lkards: readonly RunningLkard[], prefix: string, count: number, content = 'some') {
  const pushOne = async (i: number) => {
    const pkg = await makePackage('x86_64', `${prefix}-${i}`, content);
    const [pushed] = await client.push(at(lkards[i % lkards.length]!), [pkg]);
    return pushed!.status;
  };
  const statuses: (number | string)[] = [];
  for (let i = 0; i < count; i += 4) statuses.push(...(await Promise.all([0, 1, 2, 3].map((k) => pushOne(i + k)))));
  return statuses;
}

/** What is wrong with what a gateway serves: all acknowledged packages, each of which can be fetched. */
async function faultsAt(lkard: RunningLkard): Promise<readonly string[]> {
  const reading = await client.readIndex(at(lkard), 'x86_64');
  if (reading === undefined) return [...history.faults, 'no index'];
  const of = indexOf(history.operations);
  for (const [file, identity] of reading.listed) await client.fetch(at(lkard), 'x86_64', file, identity);
  const missed = missedBy(reading, history.operations, of, strict).map(({ push }) => `lost ${push.file}`);
  const unread = history.fetches.filter(({ status }) => status !== 200).map(({ file, status }) => `${file}: ${status}`);
  const wrong = history.fetches.flatMap((fetch) => fetchFault(fetch, of, strict) ?? []);
  return [...history.faults, ...missed, ...unread, ...wrong];
}

describe('the embedded store', () => {
  it('keeps what was acknowledged when lkard is killed while it writes', { timeout: 120_000 }, async () => {
    const data = path.join(folder, 'data');
    for (let life = 0; life < 4; life += 1) {
      const lkard = await start(data);
      const pushing = pushMany([lkard], `life-${life}`, 60);
      const acknowledged = () => history.operations.filter(({ outcome }) => outcome === 'done').length;
      await expect.poll(acknowledged, { timeout: 20_000, interval: 5 }).toBeGreaterThan(life * 8 + 5);
      await lkard.kill();
      await pushing;
    }
    const last = await start(data);
    expect(await faultsAt(last)).toEqual([]);
    const [retried] = await client.push(at(last), [await makePackage('x86_64', 'life-0-59', 'some')], true);
    expect([200, 201]).toContain(retried!.status);
  });

  it('is shared by two gateways that are pushed to at once', { timeout: 120_000 }, async () => {
    const data = path.join(folder, 'data');
    const lkards = await Promise.all([start(data), start(data)]);
    const statuses = await pushMany(lkards, 'shared', 40);
    expect(statuses).toEqual(statuses.map(() => 201));
    for (const lkard of lkards) {
      expect(await faultsAt(lkard)).toEqual([]);
    }
  });

  it('refuses pushes while its disk is full, and goes on', { timeout: 120_000 }, async () => {
    const disk = await aSmallDisk();
    const lkard = await start(disk.data, disk.options);
    await pushMany([lkard], 'before', 4);
    // Random bytes, so that it needs the room.
    const large = await makePackage('x86_64', 'large', '', disk.tooManyBytes);
    const [refused] = await client.push(at(lkard), [large]);
    expect(refused!.status).toBe(503);
    expect(await faultsAt(lkard)).toEqual([]);
    const reading = await client.readIndex(at(lkard), 'x86_64');
    expect(reading?.listed.has(large.file)).toBe(false);
    expect(await readdir(path.join(disk.data, 'uploads'))).toEqual([]);
    const [after] = await client.push(at(lkard), [await makePackage('x86_64', 'after', 'fits')]);
    expect(after!.status).toBe(201);
  });

  const unprivileged = isRoot ? findOnPath('setpriv') : '';
  it.skipIf(unprivileged === undefined)(
    `reads on where it may not write${unprivileged === undefined ? ' (setpriv is missing)' : ''}`,
    { timeout: 120_000 },
    async () => {
      const data = path.join(folder, 'data');
      await mkdir(data);
      const wrapper = isRoot ? ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'] : [];
      if (isRoot) await chown(data, nobody, nobody);
      await chmod(folder, 0o755);
      const lkard = await start(data, { wrapper, cwd: '/' });
      await pushMany([lkard], 'before', 4);
      await forbidWriting(data);
      const [refused] = await client.push(at(lkard), [await makePackage('x86_64', 'refused', 'some')]);
      expect(refused!.status).toBe(503);
      expect((await fetch(`${lkard.url}/readyz`)).status).toBe(503);
      expect(await faultsAt(lkard)).toEqual([]);
      // One that starts now says so instead: it would take pushes that it can't keep.
      await expect(start(data, { wrapper, cwd: '/' })).rejects.toThrow("can't be written");
    },
  );
});

/** Takes the right to write from every folder, and gives it back at the end. */
async function forbidWriting(data: string): Promise<void> {
  const entries = await readdir(data, { recursive: true, withFileTypes: true });
  const folders = [
    data,
    ...entries.filter((one) => one.isDirectory()).map((one) => path.join(one.parentPath, one.name)),
  ];
  for (const one of folders) await chmod(one, 0o500);
  onTestFinished(async () => {
    for (const one of folders) await chmod(one, 0o700);
  });
}

/** A file system of 2 MiB where this user may mount one; else no file may be larger than that. */
async function aSmallDisk(): Promise<{ data: string; options: ProgramOptions; tooManyBytes: number }> {
  const data = path.join(folder, 'disk');
  await mkdir(data);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'lkard-test', data], { stdio: 'pipe' });
    onTestFinished(() => {
      execFileSync('umount', ['-l', data]);
    });
    return { data, options: {}, tooManyBytes: 3 * 2 ** 20 };
  } catch {
    // In blocks of 512 bytes. A shell ignores the signal that would end the process, so that writes fail with EFBIG.
    const shell = ['sh', '-c', 'trap "" XFSZ; ulimit -f 4096; exec "$@"', 'sh'];
    return { data, options: { wrapper: shell }, tooManyBytes: 3 * 2 ** 20 };
  }
}
