import { readIndexFile } from '../../src/apk/index/index-file.ts';
import { anApk } from './an-apk.ts';

/** A request as it goes to a gateway, its path below the gateway's URL. */
export interface VerbRequest {
  readonly method: 'DELETE' | 'POST' | 'PUT';
  readonly path: string;
  readonly body?: object;
}

/** One of the things that are done to packages after their push, over HTTP and with lkar. */
export interface LifecycleVerb {
  readonly title: string;
  /** What has to happen before, to an image that `stockOf` filled. */
  readonly before: (image: string) => readonly VerbRequest[];
  readonly request: (image: string) => VerbRequest;
  /** Arguments of lkar that ask for the same of the gateway at `host`. */
  readonly lkar: (host: string, image: string) => readonly string[];
  /** The most that it needs. */
  readonly needs: 'push' | 'delete';
  /** What the image looks like afterwards. */
  readonly after: Partial<VerbState>;
}

const main = (image: string) => `/apk/${image}/edge/main`;
const release = (image: string) => `${image}-released`;
const post = (path: string, body: object): VerbRequest => ({ method: 'POST', path, body });
const nothing = () => [];
const [app1, app2, lib1, extra1] = ['app-1-r0.apk', 'app-2-r0.apk', 'lib-1-r0.apk', 'extra-1-r0.apk'] as const;
const file = `x86_64/${app1}`;
const all = [app1, app2, lib1];
const source = (image: string) => ({ image, branch: 'edge', repository: 'main' });
const snapshot = (image: string): VerbRequest => ({ method: 'PUT', path: `/apk/${image}/edge@first/main` });

/** Every verb of a package's life; each changes something. */
export const lifecycleVerbs: readonly LifecycleVerb[] = [
  {
    ...{ title: 'delete a file', needs: 'delete', before: nothing },
    after: { edge: [app2, lib1], fetchable: [app1] },
    request: (image) => ({ method: 'DELETE', path: `${main(image)}/${file}` }),
    lkar: (host, image) => ['rm', `${host}/${image}`, `edge/main/${file}`],
  },
  {
    ...{ title: 'delete a file now', needs: 'delete', before: nothing },
    after: { edge: [app2, lib1], fetchable: [] },
    request: (image) => ({ method: 'DELETE', path: `${main(image)}/${file}?now` }),
    lkar: (host, image) => ['rm', `${host}/${image}`, `edge/main/${file}`, '--now'],
  },
  {
    ...{ title: 'end the grace of what was deleted', needs: 'delete' },
    after: { edge: [app2, lib1], fetchable: [] },
    before: (image) => [post(`${main(image)}/delete`, { files: [file] })],
    request: (image) => post(`${main(image)}/delete`, { files: [file], now: true }),
    lkar: (host, image) => ['rm', `${host}/${image}`, `edge/main/${file}`, '--now'],
  },
  {
    ...{ title: 'delete by name', needs: 'delete', before: nothing },
    after: { edge: [lib1], fetchable: [app1, app2], withdrawn: [] },
    request: (image) => post(`${main(image)}/delete`, { names: ['app'] }),
    lkar: (host, image) => ['rm', `${host}/${image}`, 'edge/main/app-*.apk'],
  },
  {
    ...{ title: 'withdraw', needs: 'delete', before: nothing },
    after: { edge: [lib1], fetchable: [app1, app2], withdrawn: [app1, app2] },
    request: (image) => post(`${main(image)}/withdraw`, { names: ['app'], reason: 'broken' }),
    lkar: (host, image) => [...['withdraw', `${host}/${image}`, 'edge', 'main', '--name', 'app', '--reason', 'broken']],
  },
  {
    ...{ title: 'restore', needs: 'push' },
    after: { edge: all, fetchable: [], withdrawn: [] },
    before: (image) => [post(`${main(image)}/withdraw`, { names: ['app'] })],
    request: (image) => post(`${main(image)}/restore`, { names: ['app'] }),
    lkar: (host, image) => ['restore', `${host}/${image}`, 'edge', 'main', '--name', 'app'],
  },
  {
    ...{ title: 'promote within an image', needs: 'push', before: nothing },
    after: { edge: all, stable: [app2, lib1] },
    request: (image) => post(`/apk/${image}/stable/main/promote`, { from: source(image), packages: ['app', 'lib'] }),
    lkar: (host, image) => ['promote', `${host}/${image}/edge/main`, 'stable/main', 'app', 'lib'],
  },
  {
    ...{ title: 'promote to another image', needs: 'push', before: nothing },
    after: { edge: all, released: [app2, lib1] },
    request: (image) =>
      post(`/apk/${release(image)}/stable/main/promote`, { from: source(image), packages: ['app', 'lib'] }),
    lkar: (host, image) => [
      ...['promote', `${host}/${image}/edge/main`, `${host}/${release(image)}/stable/main`, 'app', 'lib'],
    ],
  },
  {
    ...{ title: 'move', needs: 'delete', before: nothing },
    after: { edge: [app1], stable: [app2, lib1], fetchable: [app2, lib1] },
    request: (image) =>
      post(`/apk/${image}/stable/main/promote`, { from: source(image), packages: ['app', 'lib'], move: true }),
    lkar: (host, image) => ['promote', `${host}/${image}/edge/main`, 'stable/main', 'app', 'lib', '--move'],
  },
  {
    ...{ title: 'prune', needs: 'delete', before: nothing },
    after: { edge: [app2, lib1], fetchable: [app1] },
    request: (image) => post(`${main(image)}/prune`, { keep: 1 }),
    lkar: (host, image) => ['prune', `${host}/${image}`, 'edge', 'main', '--keep', '1', '--yes'],
  },
  {
    ...{ title: 'make a snapshot', needs: 'push', before: nothing },
    after: { edge: all, snapshots: ['first'] },
    request: snapshot,
    lkar: (host, image) => ['snapshot', 'create', `${host}/${image}`, 'edge', 'main', 'first'],
  },
  {
    ...{ title: 'remove a snapshot', needs: 'delete' },
    after: { edge: all, snapshots: [] },
    before: (image) => [snapshot(image)],
    request: (image) => ({ ...snapshot(image), method: 'DELETE' }),
    lkar: (host, image) => ['snapshot', 'rm', `${host}/${image}`, 'edge', 'main', 'first'],
  },
  {
    ...{ title: 'roll back', needs: 'delete' },
    after: { edge: all, snapshots: ['first'], fetchable: [extra1] },
    before: (image) => [
      snapshot(image),
      post(`${main(image)}/delete`, { files: [file] }),
      post(`${main(image)}/promote`, { from: { ...source(image), repository: 'extra' }, packages: ['extra'] }),
    ],
    request: (image) => post(`${main(image)}/rollback`, { snapshot: 'first' }),
    lkar: (host, image) => ['rollback', `${host}/${image}`, 'edge', 'main', 'first', '--yes'],
  },
];

/** Speaks to a gateway as one caller. */
export interface VerbCaller {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends a request; its status and what was answered. */
export async function ask({ url, headers }: VerbCaller, { method, path, body }: VerbRequest) {
  const sent = { accept: 'application/json', ...(body && { 'content-type': 'application/json' }), ...headers };
  const answer = await fetch(`${url}${path}`, { method, headers: sent, ...(body && { body: JSON.stringify(body) }) });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

/** Fills an image with what the verbs are about: `app` in two versions and `lib` in one, and `extra` beside them. */
export async function stock(caller: VerbCaller, image: string): Promise<void> {
  const put = async (path: string, ...packages: readonly (readonly [name: string, version: string])[]) => {
    const form = new FormData();
    for (const [name, version] of packages)
      form.append(name + version, new Blob([new Uint8Array(anApk({ name, version }))]));
    const init = { method: 'PUT', body: form, ...(caller.headers && { headers: caller.headers }) };
    const answer = await fetch(`${caller.url}${path}/push`, init);
    if (answer.status !== 201) throw new Error(`a push was answered ${answer.status}: ${await answer.text()}`);
  };
  await put(main(image), ['app', '1-r0'], ['app', '2-r0'], ['lib', '1-r0']);
  await put(`/apk/${image}/edge/extra`, ['extra', '1-r0']);
}

/** What somebody sees of an image and of the one that it is promoted to. */
export interface VerbState {
  readonly edge: readonly string[];
  readonly stable: readonly string[];
  readonly released: readonly string[];
  readonly snapshots: readonly string[];
  readonly withdrawn: readonly string[];
  /** What edge doesn't list and its paths still give. */
  readonly fetchable: readonly string[];
  /** What an index lists and can't be fetched. */
  readonly broken: readonly string[];
}

/** What an image looks like to somebody who may read it. */
export async function stateOf(caller: VerbCaller, image: string): Promise<VerbState> {
  const get = (path: string) =>
    fetch(`${caller.url}/apk/${path}`, { ...(caller.headers && { headers: caller.headers }) });
  const broken: string[] = [];
  const listed = async (repository: string) => {
    const answer = await get(`${repository}/x86_64/APKINDEX.tar.gz`);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (answer.status === 404) return [];
    if (answer.status !== 200) return [`status ${answer.status}`];
    const files = readIndexFile(bytes).entries.map(({ name, version }) => `${name}-${version}.apk`);
    for (const file of files) {
      const fetched = await get(`${repository}/x86_64/${file}`);
      const [name = '', ...version] = file.slice(0, -'.apk'.length).split('-');
      const expected = anApk({ name, version: version.join('-') });
      if (!Buffer.from(await fetched.arrayBuffer()).equals(expected))
        broken.push(`${repository}/${file}: ${fetched.status}`);
    }
    return files;
  };
  const named = async (document: string, key: string, field: string) => {
    const answer = await get(`${image}/edge/main/${document}`);
    if (answer.status !== 200) return [`status ${answer.status}`];
    const { [key]: rows = [] } = (await answer.json()) as Record<string, Record<string, string>[]>;
    return rows.map((row) => row[field] ?? '').toSorted();
  };
  const snapshots = await named('snapshots.json', 'snapshots', 'name');
  for (const name of snapshots) await listed(`${image}/edge@${name}/main`);
  const edge = await listed(`${image}/edge/main`);
  const fetchable: string[] = [];
  for (const one of [...all, extra1].filter((name) => !edge.includes(name))) {
    const fetched = await get(`${image}/edge/main/x86_64/${one}`);
    if (fetched.ok) fetchable.push(one);
    await fetched.arrayBuffer();
  }
  return {
    ...{ edge, fetchable },
    stable: await listed(`${image}/stable/main`),
    released: await listed(`${release(image)}/stable/main`),
    ...{ snapshots, withdrawn: await named('withdrawn.json', 'packages', 'fileName'), broken },
  };
}
