import { anApk } from '../support/an-apk.ts';
import { startGateway } from '../support/gateway.ts';
import { startLocalServer } from '../support/local-server.ts';

/** A server of Alpine packages that knows nothing but files. */
export interface StaticMirror {
  /** `http://127.0.0.1:PORT`; the repository is at `/alpine/v3.22/main`. */
  readonly url: string;
  stop(): Promise<void>;
}

/** A mirror of two packages for x86_64, one for aarch64 and one for all. */
export async function startStaticMirror(): Promise<StaticMirror> {
  const files = await mirroredFiles();
  return startLocalServer((request, response) => {
    const bytes = files.get(request.url ?? '');
    response.writeHead(bytes === undefined ? 404 : 200).end(bytes);
  });
}

/** What a mirror of a gateway would hold: real indexes, and the packages where they are looked for. */
async function mirroredFiles(): Promise<ReadonlyMap<string, Buffer>> {
  const gateway = await startGateway();
  const base = '/alpine/v3.22/main';
  const files = new Map<string, Buffer>();
  const specs = [
    { name: 'one', version: '1.0-r0' },
    { name: 'two', version: '1.0~git1-r0' },
    { name: 'one', version: '1.0-r0', arch: 'aarch64' },
    { name: 'all', version: '1.0-r0', arch: 'noarch' },
  ];
  try {
    for (const spec of specs) {
      const body = new Uint8Array(anApk(spec));
      await fetch(`${gateway.url}/apk/old${base}/push`, { method: 'PUT', body });
      const architectures = spec.arch === 'noarch' ? ['x86_64', 'aarch64'] : [spec.arch ?? 'x86_64'];
      for (const arch of architectures)
        files.set(`${base}/${arch}/${spec.name}-${spec.version}.apk`, Buffer.from(body));
    }
    for (const arch of ['x86_64', 'aarch64']) {
      const index = await fetch(`${gateway.url}/apk/old${base}/${arch}/APKINDEX.tar.gz`);
      files.set(`${base}/${arch}/APKINDEX.tar.gz`, Buffer.from(await index.arrayBuffer()));
    }
  } finally {
    await gateway.stop();
  }
  return files;
}
