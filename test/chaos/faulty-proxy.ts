import { once, setMaxListeners } from 'node:events';
import {
  Agent,
  createServer,
  request,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Chance } from './chance.ts';
import type { ListingLag } from './listing-lag.ts';

/** What goes wrong between a gateway and its registry. */
export const faultNames = [
  'delay', // the answer comes late
  'too many', // 429, nothing done
  'unavailable', // 500 or 503, nothing done
  'reset', // the connection ends, nothing done
  'lost answer', // done, and the connection ends
  'false failure', // done, and answered 500 or 503
  'late landing', // answered 503, and done some time after
  'cut body', // the connection ends within the body
  'short body', // a whole answer of half the content
  'wrong bytes', // one byte is another
  'hang', // nothing comes for long
] as const;
export type FaultName = (typeof faultNames)[number];

/** How often things go wrong. */
export interface Weather {
  /** The share of requests that meet a fault. */
  readonly faults: number;
  /** The most that a listing is behind, in milliseconds; each one chooses anew. */
  readonly lagMs: number;
  /** What answers every request in the registry's place. */
  readonly front?: Front;
}

/** A front end's page of 404 or 503, or one that asks for patience. */
export type Front = 'bare 404' | 'bare 503' | 'throttled';

export interface FaultyProxy {
  readonly host: string;
  readonly counts: Readonly<Record<string, number>>;
  setWeather(weather: Weather): void;
  /** Resolves once nothing is under way, late landings included. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Of a request for a manifest. */
  readonly manifest: { readonly image: string; readonly reference: string } | undefined;
}

interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const maxHangMs = 6000;
const maxLateMs = 3000;

/** Stands before a registry and lets requests fail as the weather and chance have it. Holds bodies in memory. */
export async function startFaultyProxy(registry: string, chance: Chance, lag: ListingLag): Promise<FaultyProxy> {
  const [hostname, port] = registry.split(':');
  const agent = new Agent({ keepAlive: true });
  const counts: Record<string, number> = {};
  const underWay = new Set<Promise<unknown>>();
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal);
  let weather: Weather = { faults: 0, lagMs: 0 };

  const pause = (ms: number) => sleep(ms, undefined, { signal: stopping.signal }).catch(() => undefined);

  const forward = async (asked: Asked): Promise<Answered> => {
    const { method, path, headers, body, manifest } = asked;
    const onward = request({ hostname, port, method, path, headers, agent, timeout: 30_000 });
    onward.on('timeout', () => onward.destroy(new Error('the registry is silent')));
    onward.end(body);
    const [incoming] = (await once(onward, 'response')) as [IncomingMessage];
    const answer = { status: incoming.statusCode ?? 502, headers: incoming.headers, body: await bytesOf(incoming) };
    if (manifest !== undefined && answer.status < 300) {
      const { image, reference } = manifest;
      if (method === 'PUT') lag.born(image, reference, String(answer.headers['docker-content-digest']));
      if (method === 'DELETE') lag.died(image, reference);
    }
    return answer;
  };

  const forwardLagging = async (asked: Asked): Promise<Answered> => {
    const answer = await forward(asked);
    const image = /^\/v2\/(.+)\/tags\/list/.exec(asked.path)?.[1];
    if (image === undefined || weather.lagMs === 0 || answer.status !== 200) return answer;
    count('listing lag');
    return withBody(answer, lag.lagging(image, answer.body, chance.below(weather.lagMs)));
  };

  const count = (name: string) => (counts[name] = (counts[name] ?? 0) + 1);
  const track = (work: Promise<unknown>) => {
    underWay.add(work);
    void work.catch(() => undefined).finally(() => underWay.delete(work));
  };

  /** Answers, or returns undefined where the connection is to end without an answer. */
  const misbehave = async (fault: FaultName, asked: Asked): Promise<Answered | undefined> => {
    count(fault);
    switch (fault) {
      case 'delay':
        await pause(chance.between(20, 2000));
        return await forwardLagging(asked);
      case 'too many':
        return refusal(429, chance);
      case 'unavailable':
        return refusal(chance.pick([500, 503]), chance);
      case 'reset':
        return undefined;
      case 'lost answer':
        await forward(asked);
        return undefined;
      case 'false failure':
        await forward(asked);
        return refusal(chance.pick([500, 503]), chance);
      case 'late landing':
        track(pause(chance.between(100, maxLateMs)).then(() => forward(asked)));
        return refusal(503, chance);
      case 'cut body': {
        const answer = await forwardLagging(asked);
        return { ...answer, body: half(answer.body) };
      }
      case 'short body': {
        const answer = await forwardLagging(asked);
        return withBody(answer, half(answer.body));
      }
      case 'wrong bytes':
        return withWrongByte(await forwardLagging(asked), chance);
      case 'hang':
        await pause(chance.between(1000, maxHangMs));
        return undefined;
    }
  };

  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const asked = await readRequest(incoming);
    if (weather.front !== undefined) {
      count(weather.front);
      const { status, headers, body } = frontAnswer(weather.front, chance);
      outgoing.writeHead(status, headers).end(body);
      return;
    }
    const fault = chance.isLucky(weather.faults)
      ? chance.pick(faultNames.filter((one) => suits(one, asked)))
      : undefined;
    const answer = await (fault === undefined ? forwardLagging(asked) : misbehave(fault, asked)).catch(() => undefined);
    if (answer === undefined) {
      outgoing.destroy();
      return;
    }
    outgoing.writeHead(answer.status, answer.headers);
    if (fault !== 'cut body') outgoing.end(answer.body);
    else outgoing.write(answer.body, () => outgoing.destroy());
  };

  const server = createServer((incoming, outgoing) => {
    track(
      serve(incoming, outgoing).catch(() => {
        outgoing.destroy();
      }),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts,
    setWeather(next) {
      weather = next;
    },
    async settled() {
      while (underWay.size > 0) await Promise.allSettled(underWay);
    },
    async stop() {
      stopping.abort();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      agent.destroy();
    },
  };
}

/** Listings have no digest that could tell wrong ones, so nobody can be asked to notice. */
function suits(fault: FaultName, { method, path }: Asked): boolean {
  const isContent = method === 'GET' && /\/(blobs|manifests)\//.test(path);
  if (fault === 'short body' || fault === 'wrong bytes') return isContent;
  if (fault === 'cut body') return method === 'GET';
  return fault !== 'late landing' || method !== 'GET';
}

async function readRequest(incoming: IncomingMessage): Promise<Asked> {
  const { method = '', url: path = '', headers } = incoming;
  const [, image, reference] = /^\/v2\/(.+)\/manifests\/([^/?]+)$/.exec(path) ?? [];
  const manifest = image === undefined || reference === undefined ? undefined : { image, reference };
  return { method, path, headers, body: await bytesOf(incoming), manifest };
}

async function bytesOf(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function withBody({ status, headers }: Answered, body: Buffer): Answered {
  const others = Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'transfer-encoding'));
  return { status, headers: { ...others, 'content-length': String(body.length) }, body };
}

function half(body: Buffer): Buffer {
  return body.subarray(0, Math.floor(body.length / 2));
}

function withWrongByte(answer: Answered, chance: Chance): Answered {
  if (answer.status !== 200 || answer.body.length === 0) return answer;
  const body = Buffer.from(answer.body);
  const at = chance.below(body.length);
  body[at] = (body[at] ?? 0) ^ (1 << chance.below(8));
  return { ...answer, body };
}

function frontAnswer(front: Front, chance: Chance): Answered {
  const body = Buffer.from(front === 'bare 404' ? '404 page not found\n' : '<html>try again later</html>');
  const retryAfter = front === 'throttled' && { 'retry-after': chance.pick(['1', '5', '10', '25', '60']) };
  const status = { 'bare 404': 404, 'bare 503': 503, throttled: 429 }[front];
  return { status, headers: { 'content-length': String(body.length), ...retryAfter }, body };
}

function refusal(status: number, chance: Chance): Answered {
  const retryAfter = chance.pick([undefined, '0', '1', '2']);
  const body = Buffer.from('{"errors":[]}');
  const headers = { 'content-type': 'application/json', 'content-length': String(body.length) };
  return { status, headers: { ...headers, ...(retryAfter && { 'retry-after': retryAfter }) }, body };
}
