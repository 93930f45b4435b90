import { setTimeout as sleep } from 'node:timers/promises';
import { readIndexFile } from '../../../apk/index/index-file.ts';
import { readIndexV3File, v3Identities } from '../../../apk/index-v3/index-v3-file.ts';
import { isV3Entry } from '../../../apk/index-v3/index-v3-record.ts';
import { GatewayError, isGatewayError } from '../../../errors.ts';
import type { GatewayClient } from '../http/gateway-client.ts';
import type { CheckedPackage, PackageFacts } from './check-packages.ts';
import type { Session } from '../session.ts';
import type { Target } from '../../shared/target.ts';
import { printLine } from '../../shared/terminal.ts';

/** A repository, and the gateway that is to serve it. */
export interface WatchedPlace {
  readonly target: Target;
  readonly branch: string;
  readonly repository: string;
  /** `REGISTRY[/IMAGE]`; without an image, the target's. */
  readonly gateway: string;
}

const firstPauseMs = 250;
const longestPauseMs = 5000;

/**
 * Returns once that gateway's indexes list these packages, told by their identity, at each replica behind its address: one that
 * lists them may say that others are behind. Throws PUBLISH_TIMEOUT where they don't in time; a gateway that can't be reached
 * meanwhile is asked again.
 */
export async function waitUntilServed(
  session: Session,
  place: WatchedPlace,
  packages: readonly CheckedPackage[],
  timeoutMs: number,
): Promise<void> {
  const asked = session.target(place.gateway);
  const watched = asked.image === undefined ? { ...asked, image: place.target.image } : asked;
  const gateway = await session.gatewayOnce(watched);
  let lagSeconds = 0;
  const noteLag = (seconds: number) => {
    lagSeconds = Math.max(lagSeconds, seconds);
  };
  let missing: readonly PackageFacts[] = packages.flatMap(({ summary }) => summary ?? []);
  const until = Date.now() + timeoutMs;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
    missing = await stillMissing(gateway, place, missing, noteLag);
    if (missing.length === 0) break;
    if (Date.now() + pauseMs > until) throw notServed(watched, missing, timeoutMs);
    await sleep(pauseMs, undefined, { signal: session.signal });
  }
  await sleep(lagSeconds * 1000, undefined, { signal: session.signal });
  printLine(session.terminal, `served by ${watched.origin}`);
}

/** Packages of each format are looked for in the index that lists them for whoever knows that format. */
async function stillMissing(
  gateway: GatewayClient,
  place: WatchedPlace,
  wanted: readonly PackageFacts[],
  noteLag: (seconds: number) => void,
) {
  const indexOf = (pkg: PackageFacts) => `${isV3Entry(pkg) ? 'v3' : 'v2'} ${pkg.architecture}`;
  const served = new Map<string, Set<string>>();
  for (const pkg of wanted) {
    const index = indexOf(pkg);
    if (!served.has(index)) served.set(index, await identitiesIn(gateway, place, pkg, noteLag));
  }
  return wanted.filter((pkg) => served.get(indexOf(pkg))?.has(pkg.identity) !== true);
}

async function identitiesIn(
  gateway: GatewayClient,
  place: WatchedPlace,
  pkg: PackageFacts,
  noteLag: (seconds: number) => void,
): Promise<Set<string>> {
  const format = isV3Entry(pkg) ? 'v3' : 'v2';
  try {
    const index = await gateway.index(place.branch, place.repository, pkg.architecture, format);
    if (index === undefined) return new Set();
    noteLag(index.lagSeconds);
    if (format === 'v2') return new Set(readIndexFile(index.bytes).entries.map(({ identity }) => identity));
    return new Set(v3Identities(await readIndexV3File(index.bytes)));
  } catch (error) {
    if (isGatewayError(error, 'STORE_UNAVAILABLE', 'OVERLOADED')) return new Set();
    throw error;
  }
}

function notServed(gateway: Target, missing: readonly PackageFacts[], timeoutMs: number): GatewayError {
  const names = missing.map(({ fileName }) => fileName).join(', ');
  return new GatewayError('PUBLISH_TIMEOUT', `${gateway.origin} doesn't serve ${names} after ${timeoutMs / 1000} s`);
}
