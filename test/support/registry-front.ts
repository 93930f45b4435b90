import { request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { startLocalServer } from './local-server.ts';

/** What a front does with a request instead of handing it on. */
export interface FrontTrouble {
  /** Doesn't answer as long as the trouble lasts, and cuts the connection then. */
  readonly hangs?: true;
  /** Hands it on, and keeps the answer to itself as long as the trouble lasts. Called once it is there. */
  readonly swallows?: () => void;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Hands it on, its body no faster than that. */
  readonly bytesPerSecond?: number;
}

/** Stands before a registry and hands on what it isn't told to meddle with. */
export interface RegistryFront {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** `trouble` is asked of each request for an image, `METHOD path`; undefined hands it on. */
  meddle(image: string, trouble: (request: string) => FrontTrouble | undefined): void;
  /** Ends all trouble of an image. */
  calm(image: string): void;
  stop(): Promise<void>;
}

export async function startRegistryFront(registryHost: string): Promise<RegistryFront> {
  const troubles = new Map<string, (request: string) => FrontTrouble | undefined>();
  const hanging = new Map<ServerResponse, string>();
  const onward = (
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    isTaken: (answer: IncomingMessage) => boolean,
  ) => {
    const [hostname, port] = registryHost.split(':');
    const { method, url, headers } = incoming;
    // The host stays as it is: the registry sends uploads to where it was asked.
    const sent = forward({ hostname, port, method, path: url, headers }, (answer) => {
      if (isTaken(answer)) return;
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      outgoing.flushHeaders();
      // What is cut off is cut off here too.
      pipeline(answer, outgoing, () => undefined);
    });
    sent.on('error', () => outgoing.destroy());
    incoming.on('error', () => sent.destroy());
    return sent;
  };
  const server = await startLocalServer((incoming, outgoing) => {
    const path = decodeURIComponent(incoming.url ?? '');
    const image = /^\/v2\/(.+?)\/(?:blobs|manifests|tags)\//.exec(path)?.[1] ?? '';
    const trouble = troubles.get(image)?.(`${incoming.method ?? ''} ${path}`);
    if (trouble?.hangs === true) {
      hanging.set(outgoing, image);
      return;
    }
    if (trouble?.status !== undefined) {
      const { status, headers, body = '' } = trouble;
      incoming.resume();
      outgoing.writeHead(status, { 'content-length': body.length, ...headers });
      outgoing.end(incoming.method === 'HEAD' ? '' : body);
      return;
    }
    const sent = onward(incoming, outgoing, (answer) => {
      if (trouble?.swallows === undefined) return false;
      hanging.set(outgoing, image);
      answer.resume().once('end', trouble.swallows);
      return true;
    });
    if (trouble?.bytesPerSecond === undefined) incoming.pipe(sent);
    else void slowly(incoming, sent, trouble.bytesPerSecond);
  });
  return {
    host: server.host,
    meddle: (image, trouble) => void troubles.set(image, trouble),
    calm(image) {
      troubles.delete(image);
      for (const [outgoing, other] of hanging) if (other === image && hanging.delete(outgoing)) outgoing.destroy();
    },
    stop: () => server.stop(),
  };
}

async function slowly(
  body: AsyncIterable<Uint8Array>,
  to: NodeJS.WritableStream,
  bytesPerSecond: number,
): Promise<void> {
  try {
    for await (const chunk of body) {
      to.write(chunk);
      await sleep((1000 * chunk.length) / bytesPerSecond);
    }
    to.end();
  } catch {
    // Whoever sent it gave up, which the other side is told by its own connection.
  }
}
