import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';

/** What passed between gateway and registry. */
export interface Traffic {
  readonly requests: number;
  /** Requests under way at a time. */
  readonly mostAtOnce: number;
  /** Bytes of request bodies, which is what the registry has to store. */
  readonly written: number;
  readonly byMethod: Readonly<Record<string, number>>;
}

export interface CountingProxy {
  readonly host: string;
  /** What passed since the last call. */
  take(): Traffic;
  stop(): Promise<void>;
}

/** Stands before a registry and counts. Hands everything on as it is; `Host` too, so that upload locations come back here. */
export async function startCountingProxy(registry: string): Promise<CountingProxy> {
  let requests = 0;
  let written = 0;
  let underWay = 0;
  let mostAtOnce = 0;
  let byMethod: Record<string, number> = {};
  const [hostname, port] = registry.split(':');
  const server = createServer((incoming, outgoing) => {
    requests += 1;
    underWay += 1;
    mostAtOnce = Math.max(mostAtOnce, underWay);
    outgoing.once('close', () => (underWay -= 1));
    const what = `${incoming.method ?? ''} ${kindOf(incoming.url ?? '')}`;
    byMethod[what] = (byMethod[what] ?? 0) + 1;
    incoming.on('data', (chunk: Buffer) => (written += chunk.length));
    const { method, headers, url } = incoming;
    const onward = request({ hostname, port, method, headers, path: url }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    take() {
      const traffic = { requests, mostAtOnce, written, byMethod };
      requests = 0;
      written = 0;
      mostAtOnce = underWay;
      byMethod = {};
      return traffic;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function kindOf(url: string): string {
  return /\/(manifests|blobs\/uploads|blobs|tags\/list)(?:[/?]|$)/.exec(url)?.[1] ?? 'other';
}
