import { GatewayError } from '../../errors.ts';
import type { Meter, PushPhase } from '../../ports.ts';
import type { RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type {
  Publication,
  PublishedPackage,
  PublishOptions,
  StagedPackage,
} from '../../repository/service/publishing.ts';
import { auditName, type Audit, type AuditedAttempt } from '../caller/audit.ts';
import type { RequestReader } from '../caller/request-reader.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { HttpDependencies, HttpSettings } from '../options.ts';
import { beginLikeliest, cancelOnFault, moveToPlace, type Begin, type UploadTarget } from './upload-place.ts';
import { createUploadSlots, type UploadSlots } from './upload-slots.ts';
import { maxExtraBytes } from './form-files.ts';
import { isForm, packageTooLarge, receiveUpload, uploadTooLarge } from './upload.ts';

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
  /** Room for what packages make their readers hold. */
  readonly payloads: UploadSlots;
};

/** A smaller body is sent once it was read: that is a request less. */
const leastAheadBytes = 8 * 1024 * 1024;

/** Adds what became known of an attempt. */
type Tell = (more: Partial<AuditedAttempt>) => void;

export function createPublisher(deps: PublisherDependencies, settings: HttpSettings): Publisher {
  const { repositories, requests, audit, payloads } = deps;
  const slots = createUploadSlots({ ...settings, onChange: deps.meter?.uploads });
  const uploads = {
    maxPackageBytes: settings.maxPackageBytes,
    maxUploadBytes: settings.maxUploadBytes,
    maxHeldBytes: settings.maxHeldBytes,
    memoryBytes: settings.spoolMemoryBytes,
    directory: settings.tempDirectory,
  };

  const publish = async (exchange: Exchange, target: UploadTarget, options: PublishOptions, tell: Tell) => {
    const begin: Begin = async (reading) => {
      const { at } = reading.base;
      const caller = await requests.pusher(exchange, at);
      const publication = await repositories.begin(at, caller, { signal: exchange.signal });
      return { reading, caller, publication };
    };
    const passed = phaseTimer(deps.meter);
    const likeliest = await beginLikeliest(target, begin);
    passed('rights');
    const giveBack = await cancelOnFault(likeliest, () => slots.take(exchange.signal));
    try {
      const upload = await cancelOnFault(likeliest, () =>
        receiveUpload(exchange.openBody(), exchange.header('content-type'), {
          ...uploads,
          ahead: aheadOf(exchange, likeliest.publication),
          beginPayload: () => payloads.take(exchange.signal),
        }),
      );
      passed('body');
      try {
        tell({ files: upload.packages.map(fileOf), digests: upload.packages.map(({ source }) => source.digest) });
        const begun = await moveToPlace(likeliest, target, upload.packages, begin);
        const { reading, publication } = begun;
        tell({ at: reading.base.at, who: auditName(begun.caller, exchange) });
        const staged = await cancelOnFault(begun, () => judged(deps.trust, reading.base.at, upload.packages));
        // The caller has nothing more to send while the store works: silence is no reason to hang up.
        exchange.connection?.setTimeout(0);
        const packages = await publication.commit(staged, options);
        tell({ unchanged: packages.filter(({ outcome }) => outcome === 'unchanged').map(fileOfPublished) });
        passed('publish');
        return { at: reading.base.at, packages };
      } finally {
        await upload.release();
      }
    } finally {
      giveBack();
    }
  };

  return {
    async publish(exchange, target) {
      const ifExists = ifExistsOf(exchange);
      refuseOversized(exchange, settings);
      slots.refuseIfFull();
      const attempt = audit.begin(exchange, {
        action: 'push',
        who: auditName(undefined, exchange),
        at: target.readings[0]?.base.at,
        files: [],
      });
      return attempt.settle(() => publish(exchange, target, { ifExists }, attempt.tell));
    },
  };
}

/** The way of a large bare body to the store while it comes; undefined where that gains nothing. */
function aheadOf(exchange: Exchange, { ahead }: Publication) {
  const bytes = Number(exchange.header('content-length') ?? 0);
  return bytes >= leastAheadBytes && !isForm(exchange.header('content-type')) ? ahead?.(bytes) : undefined;
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

function fileOfPublished({ architecture, fileName }: PublishedPackage): string {
  return `${architecture}/${fileName}`;
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

/** Before a byte is read: a bare body is one package, a form holds several and what is around them. */
function refuseOversized(exchange: Exchange, { maxPackageBytes, maxUploadBytes }: HttpSettings): void {
  const bytes = Number(exchange.header('content-length') ?? 0);
  const isForm = exchange.header('content-type')?.startsWith('multipart/') === true;
  if (!isForm && bytes > maxPackageBytes) throw packageTooLarge(maxPackageBytes);
  if (bytes > maxUploadBytes + (isForm ? maxExtraBytes : 0)) throw uploadTooLarge(maxUploadBytes);
}
