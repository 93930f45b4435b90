import { cp } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { buildPrograms, startLkard, type RunningLkard } from '../support/programs.ts';
import { ask, lifecycleVerbs, stateOf, stock, type LifecycleVerb, type VerbState } from '../support/lifecycle-verbs.ts';
import { startRegistryFront, type FrontTrouble, type RegistryFront } from '../support/registry-front.ts';
import { registryProgram, startRegistry } from '../support/registry.ts';
import { keyFixture } from '../support/signing-keys.ts';
import { makeTempDir } from '../support/temp-dir.ts';

/** Where a gateway dies while a verb is at work: at its request number `at` that changes something, before the registry did it or after. */
interface Death {
  readonly verb: LifecycleVerb;
  readonly image: string;
  readonly at: number;
  readonly when: 'before' | 'after';
}

/** Deaths that one gateway dies at once. */
const atOnce = 24;
const changes = /^(?:PUT|POST|PATCH|DELETE) /;

beforeAll(() => buildPrograms(), 120_000);

async function aWorld() {
  const folder = await makeTempDir();
  const registry = await startRegistry({ folder: folder.path });
  const front = await startRegistryFront(registry.host);
  const lives: RunningLkard[] = [];
  const start = async () => {
    const flags = ['--backend', front.host, '--no-https', '--signing-key', keyFixture('test-only-2048.rsa')];
    const lkard = await startLkard([...flags, '--log-level', 'error', '--max-refusals', '0']);
    lives.push(lkard);
    return lkard;
  };
  onTestFinished(async () => {
    await Promise.all(lives.map((lkard) => lkard.kill()));
    await front.stop();
    await registry.stop();
    await folder.remove();
  });
  const repositories = path.join(folder.path, 'data/docker/registry/v2/repositories');
  const copy = (from: string, to: string) =>
    cp(path.join(repositories, from), path.join(repositories, to), { recursive: true });
  return { front, start, copy };
}

/** Freezes all that a verb asks from its fatal moment on; resolves once that moment is there. */
function freezeAt({ image, at, when }: Death, front: RegistryFront): Promise<void> {
  return new Promise((resolve) => {
    let count = 0;
    const meddle = (request: string): FrontTrouble | undefined => {
      if (count >= at) return { hangs: true };
      if (!changes.test(request) || (count += 1) < at) return undefined;
      if (when === 'after') return { swallows: resolve };
      resolve();
      return { hangs: true };
    };
    for (const one of [image, `${image}-released`]) front.meddle(one, meddle);
  });
}

/** What of a state is neither as it was nor as it was to be, package by package. */
function faultsOf(seen: VerbState, before: VerbState, after: VerbState): readonly string[] {
  const parts = ['edge', 'stable', 'released', 'snapshots', 'fetchable', 'broken'] as const;
  return parts.flatMap((part) => {
    const [was, is, to] = [before, seen, after].map((state) => new Set(state[part]));
    const lost = [...was!].filter((one) => to!.has(one) && !is!.has(one)).map((one) => `${part} lost ${one}`);
    const odd = [...is!].filter((one) => !was!.has(one) && !to!.has(one)).map((one) => `${part} has ${one}`);
    return [...lost, ...odd];
  });
}

const isMissing = registryProgram() === undefined;

describe.skipIf(isMissing)(`a gateway that dies${isMissing ? ' (docker-registry is missing)' : ''}`, () => {
  it.each(lifecycleVerbs.map((verb) => [verb.title, verb] as const))(
    'while it is to %s leaves that undone or done, and the next one ends it',
    { timeout: 240_000 },
    async (_title, verb) => {
      const { front, start, copy } = await aWorld();
      let lkard = await start();
      await stock(lkard, 'team/stock');
      for (const request of verb.before('team/stock')) {
        const { status, text } = await ask(lkard, request);
        expect([status < 300, text]).toEqual([true, text]);
      }
      const before = await stateOf(lkard, 'team/stock');

      let count = 0;
      await copy('team/stock', 'team/whole');
      for (const image of ['team/whole', 'team/whole-released'])
        front.meddle(image, (request) => {
          if (changes.test(request)) count += 1;
          return undefined;
        });
      expect((await ask(lkard, verb.request('team/whole'))).status).toBeLessThan(300);
      const after = await stateOf(lkard, 'team/whole');
      expect(after).toMatchObject({ ...verb.after, broken: [] });

      const deaths = Array.from({ length: count }, (_, i) => i + 1).flatMap((at) =>
        (['before', 'after'] as const).map((when) => ({ verb, image: `team/dies-${when}-${at}`, at, when })),
      );
      const faults: string[] = [];
      for (let first = 0; first < deaths.length; first += atOnce) {
        const some = deaths.slice(first, first + atOnce);
        await Promise.all(some.map(({ image }) => copy('team/stock', image)));
        const answers = some.map((death) => {
          const frozen = freezeAt(death, front);
          const answer = ask(lkard, verb.request(death.image)).catch(() => undefined);
          return Promise.race([frozen, answer]);
        });
        await Promise.all(answers);
        await lkard.kill();
        for (const { image } of some) for (const one of [image, `${image}-released`]) front.calm(one);
        lkard = await start();
        for (const death of some) {
          const what = `${death.when} request ${death.at}`;
          const seen = await stateOf(lkard, death.image);
          for (const fault of faultsOf(seen, before, after)) faults.push(`${what}: ${fault}`);
          const again = await ask(lkard, verb.request(death.image));
          // A snapshot's name is nobody's for some minutes: who began may yet end it.
          if (again.status === 409 && again.text.includes('"retryAfterSeconds":') && verb.title === 'make a snapshot')
            continue;
          const ended = await stateOf(lkard, death.image);
          if (JSON.stringify(ended) !== JSON.stringify(after))
            faults.push(`${what}: again ${again.status} ${again.text.slice(0, 200)} ${JSON.stringify(ended)}`);
        }
      }
      expect({ count, faults }).toEqual({ count, faults: [] });
      expect(count).toBeGreaterThan(0);
    },
  );
});
