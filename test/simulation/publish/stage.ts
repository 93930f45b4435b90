import { isGatewayError, type ErrorCode } from '../../../src/errors.ts';
import type { Digest } from '../../../src/oci/digest.ts';
import { parseManifest } from '../../../src/oci/manifest.ts';
import type { StagedPackage } from '../../../src/repository/service/publishing.ts';
import { at, caller } from './scenario.ts';
import { listedIn } from './history.ts';
import { type SimulatedFile, stagedPackage } from './packages.ts';
import { createScript, type Hold } from './script.ts';
import { createWorld, simulationKey, type Replica, type World, type WorldOptions } from './world.ts';

const key = simulationKey();

/** What a client was told: `done`, `unchanged`, or the code of a fault. */
export type Answer = 'done' | 'unchanged' | ErrorCode;

type OneOrMore = SimulatedFile | readonly SimulatedFile[];

/** A world whose schedule a test writes itself. */
export interface Stage {
  readonly world: World;
  replica(id: string): Replica;
  hold(label: RegExp): Hold;
  /** Begins a push; `push` also waits for its answer. */
  beginPush(by: Replica, file: OneOrMore, content?: string, ifExists?: 'fail' | 'skip'): Promise<Answer>;
  push(by: Replica, file: OneOrMore, content?: string, ifExists?: 'fail' | 'skip'): Promise<Answer>;
  beginWithdraw(by: Replica, file: SimulatedFile): Promise<Answer>;
  withdraw(by: Replica, file: SimulatedFile): Promise<Answer>;
  /** Lets things happen until the promise settles, the hold is reached or the predicate says so. */
  until<T>(what: Promise<T>): Promise<T>;
  untilReached(hold: Hold): Promise<void>;
  /** What that replica, or one that was started just now, serves: `<name> <content>`; undefined for no index. */
  read(by?: Replica): Promise<readonly string[] | undefined>;
}

export const simulated = {
  a: { name: 'a', architecture: 'x86_64' },
  b: { name: 'b', architecture: 'x86_64' },
  c: { name: 'c', architecture: 'x86_64' },
  newerA: { name: 'a', architecture: 'x86_64', version: '2.0-r0' },
  shared: { name: 'shared', architecture: 'noarch' },
} as const;

export async function createStage(options: WorldOptions = {}): Promise<Stage> {
  const script = createScript();
  const world = createWorld(script, key, options);
  const staged = await stageAll();
  const contentOf = new Map([...staged].map(([name, { summary }]) => [summary.identity, name]));

  const until = async <T>(promise: Promise<T>): Promise<T> => {
    let isSettled = false;
    const settled = () => {
      isSettled = true;
    };
    promise.then(settled, settled);
    await world.runUntil(() => isSettled);
    return await promise;
  };

  const beginPush: Stage['beginPush'] = async (by, file, content = 'one', ifExists = 'fail') => {
    const publication = await by.repositories.begin(at, caller);
    const files = [file].flat().map((one: SimulatedFile) => staged.get(`${nameOf(one)} ${content}`)!);
    const [published] = await publication.commit(files, { ifExists });
    return published?.outcome === 'unchanged' ? 'unchanged' : 'done';
  };
  const beginWithdraw: Stage['beginWithdraw'] = async (by, file) => {
    const { architecture, name } = file;
    await by.repositories.withdraw(at, { architecture, fileName: `${name}-1.0-r0.apk` }, caller);
    return 'done';
  };
  const answered = (promise: Promise<Answer>): Promise<Answer> =>
    promise.catch((error: unknown) => {
      if (isGatewayError(error)) return error.code;
      throw error;
    });

  return {
    world,
    replica: (id) => world.replica(id),
    hold: (label) => script.hold(label),
    beginPush: (...args) => answered(beginPush(...args)),
    push: (...args) => until(answered(beginPush(...args))),
    beginWithdraw: (...args) => answered(beginWithdraw(...args)),
    withdraw: (...args) => until(answered(beginWithdraw(...args))),
    until,
    untilReached: (hold) => world.runUntil(() => hold.isReached()),
    async read(by) {
      const repositories = by?.repositories ?? world.bystander('newcomer');
      const index = await until(repositories.openIndex(at, 'x86_64', caller));
      if (index === undefined) return undefined;
      return [...listedIn(index, by?.keys[0] ?? key).values()].map((identity) => contentOf.get(identity) ?? identity);
    },
  };
}

/** All packages by `<name> <content>`, read beforehand: that takes threads, which no scheduler sees. */
async function stageAll(): Promise<ReadonlyMap<string, StagedPackage>> {
  const staged = new Map<string, StagedPackage>();
  for (const file of Object.values(simulated)) {
    for (const content of ['one', 'two']) staged.set(`${nameOf(file)} ${content}`, await stagedPackage(file, content));
  }
  return staged;
}

/** As readings tell it. */
function nameOf({ name, version }: SimulatedFile): string {
  return version === undefined ? name : `${name}-${version}`;
}

/** The tags of the image that contain these characters. */
export function tagsOf(stage: Stage, part: string): readonly string[] {
  return [...stage.world.images.values()].flatMap(({ tags }) => [...tags.keys()].filter((tag) => tag.includes(part)));
}

/** Has the registry lose the first layer of the first tag that contains these characters; its digest. */
export function loseBytes(stage: Stage, part: string): Digest {
  const { tags, manifests, blobs } = stage.world.images.get(at.image)!;
  const [, named] = [...tags].find(([tag]) => tag.includes(part))!;
  const [layer] = parseManifest(manifests.get(named)!.bytes).layers;
  blobs.delete(layer!.digest);
  return layer!.digest;
}
