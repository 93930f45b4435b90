import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import autocannon from 'autocannon';
import { findOnPath } from '../../test/support/registry.ts';

const run = promisify(execFile);

/** One target of a load, and the headers that each request carries. */
export interface Target {
  readonly url: string;
  /** The process that answers. */
  readonly pid: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What makes the load: `wrk` where it is installed, else autocannon, which is slower than what it measures. */
export function loadGenerator(): 'wrk' | 'autocannon' {
  return findOnPath('wrk') === undefined ? 'autocannon' : 'wrk';
}

/** Requests per second over 32 connections that are kept alive. Throws where an answer was neither 2xx nor 3xx. */
export async function requestsPerSecond(target: Target, seconds: number): Promise<number> {
  return loadGenerator() === 'wrk' ? byWrk(target, seconds) : byAutocannon(target, seconds);
}

async function byWrk({ url, headers = {} }: Target, seconds: number): Promise<number> {
  const fields = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const { stdout } = await run('wrk', ['-t1', '-c32', `-d${seconds}s`, ...fields, url]);
  const refused = /Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1];
  if (refused !== undefined) throw new Error(`${url}: ${refused} answers were faults`);
  const rate = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
  if (!(rate > 0)) throw new Error(`${url}: wrk measured nothing: ${stdout}`);
  return rate;
}

async function byAutocannon({ url, headers = {} }: Target, seconds: number): Promise<number> {
  const result = await autocannon({ url, headers, connections: 32, duration: seconds });
  if (result['4xx'] + result['5xx'] + result.errors > 0) throw new Error(`${url}: some answers were faults`);
  return result.requests.average;
}
