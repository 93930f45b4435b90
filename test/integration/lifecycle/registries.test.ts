import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, lifecycleVerbs, stateOf, stock, type LifecycleVerb } from '../../support/lifecycle-verbs.ts';
import { buildPrograms, runBin, startLkard, type RunningLkard } from '../../support/programs.ts';
import { startRegistryFront, type FrontTrouble } from '../../support/registry-front.ts';
import { registryProgram, registryV3Program, startRegistry } from '../../support/registry.ts';
import { keyFixture } from '../../support/signing-keys.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

interface Kind {
  readonly program?: string | undefined;
  /** Whether anything can be deleted. Default: yes. */
  readonly delete?: boolean;
  /** What it does otherwise than docker-registry, for one image. */
  readonly manner?: () => (request: string) => FrontTrouble | undefined;
  /** Verbs that can't be done, with the HTTP status, the code and lkar's exit code; all others can. */
  readonly refuses?: Readonly<Record<string, readonly [status: number, code: string, exitCode: number]>>;
  /** Verbs that are done with a word on what isn't. */
  readonly warns?: Readonly<Record<string, RegExp>>;
}

/** Takes each tag once but those, as registries do that are told to; ECR says it so. */
function tagsOnce(but: RegExp) {
  return () => {
    const put = new Set<string>();
    return (request: string): FrontTrouble | undefined => {
      const [, tag = ''] = /^PUT .*\/manifests\/([^:]+)$/.exec(request) ?? [];
      if (tag === '' || but.test(tag) || !put.has(tag)) {
        put.add(tag);
        return undefined;
      }
      return { status: 400, body: JSON.stringify({ errors: [{ code: 'TAG_INVALID', message: 'immutable' }] }) };
    };
  };
}

/** Begins an upload instead, as registries do that don't mount. */
function mountsNothing() {
  return (request: string): FrontTrouble | undefined =>
    request.includes('mount=') ? { status: 202, headers: { location: '/v2/none/blobs/uploads/none' } } : undefined;
}

const isStored = { 'remove a snapshot': /stays stored/ };
const immutable = [403, 'TAG_IMMUTABLE', 3] as const;
const kinds: Readonly<Record<string, Kind>> = {
  'does all of it': {},
  'does all of it (distribution 3)': { program: registryV3Program() },
  'deletes nothing': { delete: false, warns: isStored },
  'mounts nothing': {
    manner: mountsNothing,
    refuses: { 'promote to another image': [501, 'MOUNT_UNSUPPORTED', 1] },
  },
  'takes tags once, except indexes': { manner: tagsOnce(/^index-/) },
  'takes tags once, except indexes, and deletes nothing': {
    ...{ delete: false, manner: tagsOnce(/^index-/), warns: isStored },
  },
  // What needs no index of the repository twice can be done.
  'takes every tag once': {
    manner: tagsOnce(/^$/),
    refuses: Object.fromEntries(
      ['delete a file', 'delete a file now', 'delete by name', 'withdraw', 'move', 'prune'].map((verb) => [
        verb,
        immutable,
      ]),
    ),
  },
};

describe.each(Object.entries(kinds))('with a registry that %s', (title, kind) => {
  const program = 'program' in kind ? kind.program : registryProgram();
  describe.skipIf(program === undefined)(program === undefined ? 'MISSING' : 'can', () => {
    let folder: Awaited<ReturnType<typeof makeTempDir>>;
    let lkard: RunningLkard;
    let stop: () => Promise<void>;
    const imageOf = (verb: LifecycleVerb, way: string) => `team/verb${lifecycleVerbs.indexOf(verb)}-${way}`;

    beforeAll(async () => {
      await buildPrograms();
      folder = await makeTempDir();
      const registry = await startRegistry({ folder: folder.path, delete: kind.delete ?? true, program: program! });
      const front = await startRegistryFront(registry.host);
      for (const image of lifecycleVerbs.flatMap((verb) => [imageOf(verb, 'http'), imageOf(verb, 'lkar')])) {
        for (const one of [image, `${image}-released`]) if (kind.manner) front.meddle(one, kind.manner());
      }
      const key = keyFixture('test-only-2048.rsa');
      lkard = await startLkard([
        ...['--backend', front.host, '--no-https', '--signing-key', key, '--log-level', 'error'],
      ]);
      stop = async () => {
        await lkard.kill();
        await front.stop();
        await registry.stop();
        await folder.remove();
      };
    }, 120_000);
    afterAll(() => stop());

    /** An image as the verb wants it, with what it looks like. */
    const anImage = async (verb: LifecycleVerb, way: string) => {
      const image = imageOf(verb, way);
      await stock(lkard, image);
      for (const request of verb.before(image)) {
        const { status, text } = await ask(lkard, request);
        expect([text, status < 300]).toEqual([text, true]);
      }
      return { image, before: await stateOf(lkard, image) };
    };
    const lkar = (args: readonly string[]) =>
      runBin('lkar', args, { cwd: folder.path, env: { DOCKER_CONFIG: folder.path } });

    // Without an index that can be put twice there is nothing that was changed before.
    const verbs = lifecycleVerbs.filter(
      (verb) =>
        title !== 'takes every tag once' ||
        !['restore', 'roll back', 'end the grace of what was deleted'].includes(verb.title),
    );
    it.each(verbs.map((verb) => [verb.title, verb] as const))(
      '%s, or says why not and changes nothing',
      async (name, verb) => {
        const [refusal, warning] = [kind.refuses?.[name], kind.warns?.[name]];
        const { image, before } = await anImage(verb, 'http');
        const answer = await ask(lkard, verb.request(image));
        const state = await stateOf(lkard, image);
        if (refusal === undefined) {
          expect([answer.text, answer.status < 300]).toEqual([answer.text, true]);
          expect(state).toMatchObject({ ...verb.after, broken: [] });
        } else {
          expect([answer.status, JSON.parse(answer.text)]).toMatchObject([refusal[0], { code: refusal[1] }]);
          const stable = name === 'move' ? verb.after.stable : before.stable;
          expect(state).toEqual({ ...before, stable });
        }
        if (warning !== undefined) expect(answer.text).toMatch(warning);
        // Wherever nothing is to be said lkar says the same.
        if (Object.keys(kind).length > 0 && refusal === undefined && warning === undefined) return;
        const other = await anImage(verb, 'lkar');
        const ran = await lkar(verb.lkar(lkard.host, other.image));
        expect(await stateOf(lkard, other.image)).toEqual(state);
        expect(ran).toMatchObject({ exitCode: refusal?.[2] ?? 0, ...(refusal && { stdout: '' }) });
        if (warning !== undefined) expect(ran.stderr).toMatch(warning);
      },
      60_000,
    );
  });
});
