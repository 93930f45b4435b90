import { GatewayError, isGatewayError } from '../../errors.ts';
import type { Meter, PushPhase } from '../../ports.ts';
import type { RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type {
  Caller,
  PublishedPackage,
  PublishOptions,
  Publication,
  StagedPackage,
} from '../../repository/repository.ts';
import type { FileReading } from '../request/addressing.ts';
import { auditName, type Audit, type AuditedAttempt } from '../caller/audit.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { HttpDependencies, HttpSettings } from '../options.ts';
import type { RequestReader } from '../caller/request-reader.ts';
import { receiveUpload, tooLarge } from './upload.ts';
import { createUploadSlots } from './upload-slots.ts';

/** Where an upload may belong: the likeliest reading of its path first, and the last folder that may be an architecture. */
export interface UploadTarget {
  readonly readings: readonly FileReading[];
  readonly folder?: string | undefined;
}

/** Takes uploads in: the one way into the service for every form of upload. */
export interface Publisher {
  /** Publishes what the request's body holds, all or none. */
  publish(exchange: Exchange, target: UploadTarget): Promise<PublishedUpload>;
}

/** What was published, and where. */
export interface PublishedUpload {
  readonly at: RepositoryCoordinates;
  readonly packages: readonly PublishedPackage[];
}

type PublisherDependencies = Pick<HttpDependencies, 'repositories' | 'trust' | 'meter'> & {
  readonly requests: RequestReader;
  readonly audit: Audit;
};

interface Begun {
  readonly reading: FileReading;
  readonly caller: Caller;
  readonly publication: Publication;
}

/** Asks the right to push to a place. */
type Begin = (reading: FileReading) => Promise<Begun>;

export function createPublisher(deps: PublisherDependencies, settings: HttpSettings): Publisher {
  const { repositories, requests, audit } = deps;
  const slots = createUploadSlots({ ...settings, onChange: deps.meter?.uploads });
  const uploads = {
    maxPackageBytes: settings.maxPackageBytes,
    memoryBytes: settings.spoolMemoryBytes,
    directory: settings.tempDirectory,
  };

  const publishInSlot = async (
    exchange: Exchange,
    target: UploadTarget,
    options: PublishOptions,
    tell: (attempt: Partial<AuditedAttempt>) => void,
  ) => {
    const begin: Begin = async (reading) => {
      const { at } = reading.base;
      const caller = await requests.pusher(exchange, at);
      const publication = await repositories.begin(at, caller, { signal: exchange.signal });
      return { reading, caller, publication };
    };
    const passed = phaseTimer(deps.meter);
    const likeliest = await beginLikeliest(target, begin);
    passed('rights');
    const upload = await cancelOnFault(likeliest, () =>
      receiveUpload(exchange.openBody(), exchange.header('content-type'), uploads),
    );
    passed('body');
    try {
      tell({ files: upload.packages.map(fileOf) });
      const begun = await moveToPlace(likeliest, target, upload.packages, begin);
      const { reading, publication } = begun;
      tell({ at: reading.base.at, who: auditName(begun.caller, exchange) });
      const staged = await cancelOnFault(begun, () => judged(deps.trust, reading.base.at, upload.packages));
      // The caller has nothing more to send while the store works: silence is no reason to hang up.
      exchange.connection?.setTimeout(0);
      const packages = await publication.commit(staged, options);
      passed('publish');
      return { at: reading.base.at, packages };
    } finally {
      await upload.release();
    }
  };

  return {
    async publish(exchange, target) {
      const ifExists = ifExistsOf(exchange);
      refuseOversized(exchange, settings.maxPackageBytes);
      const giveBack = await slots.take(exchange.signal);
      let attempt: AuditedAttempt = {
        action: 'push',
        who: auditName(undefined, exchange),
        at: target.readings[0]?.base.at,
        files: [],
      };
      const tell = (more: Partial<AuditedAttempt>) => {
        attempt = { ...attempt, ...more };
      };
      try {
        const upload = await publishInSlot(exchange, target, { ifExists }, tell);
        audit.accepted(exchange, attempt);
        return upload;
      } catch (error) {
        audit.refused(exchange, attempt, error);
        throw error;
      } finally {
        giveBack();
      }
    },
  };
}

/** The right to push to the likeliest place, else to the other: only the packages themselves will tell which is meant. */
async function beginLikeliest({ readings }: UploadTarget, begin: Begin): Promise<Begun> {
  const [likeliest, other] = readings;
  if (likeliest === undefined) throw new TypeError('an upload needs a place');
  try {
    return await begin(likeliest);
  } catch (error) {
    if (other === undefined || !isGatewayError(error, 'UNAUTHORIZED', 'FORBIDDEN')) throw error;
    return await begin(other).catch(() => {
      throw error;
    });
  }
}

/** The place that the packages tell: the one begun, or the other, for which the right is asked anew. */
async function moveToPlace(
  begun: Begun,
  target: UploadTarget,
  packages: readonly StagedPackage[],
  begin: Begin,
): Promise<Begun> {
  const place = await cancelOnFault(begun, () => placeOf(target, packages));
  if (place === begun.reading) return begun;
  await begun.publication.cancel();
  return begin(place);
}

async function cancelOnFault<T>({ publication }: Begun, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await publication.cancel();
    throw error;
  }
}

/** The last folder is the architecture only where it is the packages' own. */
function placeOf(target: UploadTarget, packages: readonly StagedPackage[]): FileReading {
  const { folder, readings } = target;
  const own = packages.map(({ summary }) => [summary.architecture, summary.entry.architecture]);
  const isArchitecture = folder !== undefined && own.every((names) => names.includes(folder));
  const place = readings.find((reading) => (reading.architecture !== undefined) === isArchitecture);
  if (place !== undefined) return place;
  if (isArchitecture) throw new GatewayError('REQUEST_INVALID', `the path names no repository before ${folder}`);
  const message = `the package is made for ${own[0]?.[0] ?? 'nothing'}, the path says ${folder ?? 'nothing'}`;
  throw new GatewayError('ARCHITECTURE_INVALID', message);
}

/** The packages with the verdicts on their signatures; throws where one lacks what this place wants. */
function judged(
  trust: HttpDependencies['trust'],
  at: RepositoryCoordinates,
  packages: readonly StagedPackage[],
): readonly StagedPackage[] {
  const summaries = packages.map(({ summary }) => summary);
  const verdicts = trust?.signatures?.judge(at, summaries) ?? [];
  return packages.map((pkg, index) => ({ ...pkg, signature: verdicts[index] }));
}

function fileOf({ summary }: StagedPackage): string {
  return `${summary.entry.architecture}/${summary.fileName}`;
}

/** Tells the meter how long each phase took, from the end of the one before. */
function phaseTimer(meter: Meter | undefined): (phase: PushPhase) => void {
  let beganMs = performance.now();
  return (phase) => {
    const nowMs = performance.now();
    meter?.pushPhase(phase, nowMs - beganMs);
    beganMs = nowMs;
  };
}

function ifExistsOf(exchange: Exchange): 'fail' | 'skip' | undefined {
  const value = exchange.query('if-exists');
  if (value === undefined || value === 'fail' || value === 'skip') return value;
  throw new GatewayError('REQUEST_INVALID', `if-exists is ${JSON.stringify(value)}; known are skip and fail`);
}

/** A form may hold several packages; only a bare body's length is one package's. */
function refuseOversized(exchange: Exchange, maxBytes: number): void {
  const isForm = exchange.header('content-type')?.startsWith('multipart/') === true;
  if (!isForm && Number(exchange.header('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes);
}
