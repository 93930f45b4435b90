import { GatewayError, isGatewayError } from '../../errors.ts';
import {
  deletionSchema,
  maxChangeBytes,
  promotionSchema,
  pruningSchema,
  restoringSchema,
  rollbackSchema,
  type ChangeDocument,
  type ChangeVerb,
  type DeletionDocument,
} from '../../protocol/lifecycle.ts';
import { parseReadCoordinates } from '../../protocol/coordinates.ts';
import type { Caller } from '../../repository/service/caller.ts';
import type { Change, ChangeOptions, ChangePackages, Selection } from '../../repository/service/lifecycle.ts';
import { jsonAnswer } from '../answer/answer.ts';
import { auditName, type Audit, type AttemptUnderWay } from '../caller/audit.ts';
import { countedChange } from '../caller/counted-change.ts';
import type { RequestReader } from '../caller/request-reader.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { HttpDependencies, HttpSettings } from '../options.ts';
import type { RepositoryBase } from '../request/addressing.ts';
import { readJsonBody, type BodyForm } from '../upload/json-body.ts';
import { createPromote } from './promotion.ts';
import { createUploadSlots } from '../upload/upload-slots.ts';

/** Answers what is posted below a repository to change what is there. */
export type ChangeHandler = (exchange: Exchange, base: RepositoryBase, verb: ChangeVerb) => Promise<Response>;

type LifecycleDependencies = Pick<HttpDependencies, 'repositories' | 'meter' | 'trust'> & {
  readonly requests: RequestReader;
  readonly audit: Audit;
};

/** What is known of a request for a change before its body is read. */
interface Asked {
  readonly exchange: Exchange;
  readonly base: RepositoryBase;
  readonly caller: Caller;
  readonly attempt: AttemptUnderWay;
}

export function createChangeHandler(
  deps: LifecycleDependencies,
  settings: Pick<HttpSettings, 'singleImage' | 'maxUploads' | 'maxWaiting' | 'waitMs'>,
): ChangeHandler {
  const { repositories, requests, audit, meter } = deps;
  const promotePackages = createPromote(deps, settings);
  // Who may only read, which of a public image is everybody, can fill no more than a part with bodies that never end.
  const readersPart = Math.max(1, Math.floor(settings.maxUploads / 4));
  const slotsOf = (maxUploads: number) => createUploadSlots({ ...settings, maxUploads, what: 'large change' });
  const [slots, readersSlots] = [slotsOf(Math.max(1, settings.maxUploads - readersPart)), slotsOf(readersPart)];

  /** Bodies that many may send at once are few in memory, as uploads are, and those of strangers none. */
  const makeRoom = async (exchange: Exchange, { at }: RepositoryBase, caller: Caller) => {
    if (isSmall(exchange)) return () => undefined;
    slots.refuseIfFull();
    const { signal } = exchange;
    // Asked first: that somebody may only read is no refusal to count.
    const isShown = await repositories.authorize(at.image, caller, { signal });
    const publication = await repositories.begin(at, caller, { signal }).catch((error: unknown) => {
      if (!isGatewayError(error) || !isShown) throw error;
      return undefined;
    });
    await publication?.cancel();
    return await (publication === undefined ? readersSlots : slots).take(signal);
  };

  const selecting =
    <T extends Partial<DeletionDocument>>(form: BodyForm<T>, work: ChangePackages) =>
    async (asked: Asked) => {
      const body = await bodyOf(asked, form);
      return work(asked.base.at, selectionOf(body), asked.caller, optionsOf(body));
    };
  const verbs: Readonly<Record<ChangeVerb, (asked: Asked) => Promise<Change>>> = {
    delete: selecting(deletionSchema, (...asked) => repositories.deleteFiles(...asked)),
    withdraw: selecting(deletionSchema, (...asked) => repositories.withdrawFiles(...asked)),
    restore: selecting(restoringSchema, (...asked) => repositories.restoreFiles(...asked)),
    async promote(asked) {
      const { from, packages, withDependencies, move, ...body } = await bodyOf(asked, promotionSchema);
      const to = asked.base.at;
      const source = parseReadCoordinates({ ...from, image: from.image ?? to.image });
      asked.attempt.tell({
        files: packages,
        from: `${source.image}/${source.branch}/${source.repository}`,
        isMove: move,
      });
      const options = { ...optionsOf(body), withDependencies, isMove: move };
      return promotePackages({ from: source, to, packages }, asked.caller, options);
    },
    async prune(asked) {
      const body = await bodyOf(asked, pruningSchema);
      const { keep, olderThanSeconds, names, except } = body;
      const olderThanMs = olderThanSeconds === undefined ? undefined : olderThanSeconds * 1000;
      return repositories.prune(asked.base.at, { keep, olderThanMs, names, except }, asked.caller, optionsOf(body));
    },
    async rollback(asked) {
      const body = await bodyOf(asked, rollbackSchema);
      return repositories.rollback(asked.base.at, body.snapshot, asked.caller, optionsOf(body));
    },
  };

  return async (exchange, base, verb) => {
    const caller = requests.caller(exchange, 'write');
    const who = auditName(caller, exchange);
    const attempt = audit.begin(exchange, { action: verb, who, at: base.at, files: [] });
    const work = () =>
      attempt.settle(async () => {
        const giveBack = await makeRoom(exchange, base, caller);
        const made = await verbs[verb]({ exchange, base, caller, attempt }).finally(giveBack);
        attempt.tell(auditedOf(made));
        return made;
      });
    const change = await countedChange(meter, verb, work, outcomesOf);
    return jsonAnswer(200, describe(change), { 'Cache-Control': 'no-store' });
  };
}

/** A body so small that as many may be in memory as there are connections. */
const smallBytes = 16 * 1024;

function isSmall(exchange: Exchange): boolean {
  const length = exchange.header('content-length');
  return length !== undefined && Number(length) <= smallBytes;
}

/** The body, told to the audit log as far as that is of use there. */
async function bodyOf<T extends Partial<DeletionDocument>>(
  { exchange, attempt }: Asked,
  form: BodyForm<T>,
): Promise<T> {
  const body = await readJsonBody(exchange, form, maxChangeBytes);
  // The caller has nothing more to send while the store works: silence is no reason to hang up.
  exchange.connection?.setTimeout(0);
  attempt.tell({ files: [...(body.files ?? []), ...(body.names ?? [])], reason: body.reason });
  return body;
}

function selectionOf({ files = [], names = [] }: Partial<DeletionDocument>): Selection {
  if (files.length + names.length > 0) return { files, names };
  throw new GatewayError('REQUEST_INVALID', 'the body selects nothing: it names files or names');
}

function optionsOf({ dryRun, reason, now }: Partial<DeletionDocument>): ChangeOptions {
  return { isDryRun: dryRun, reason, isNow: now };
}

/** A dry run comes to nothing. */
function outcomesOf({ isDryRun, packages }: Change): readonly string[] {
  return isDryRun ? [] : packages.map(({ outcome }) => outcome);
}

function auditedOf({ packages, isDryRun }: Change) {
  const pathOf = ({ architecture, fileName }: Change['packages'][number]) => `${architecture}/${fileName}`;
  return {
    isDryRun,
    files: packages.map(pathOf),
    digests: packages.map(({ digest }) => digest),
    unchanged: packages.filter(({ outcome }) => outcome === 'unchanged').map(pathOf),
  };
}

function describe({ isDryRun, packages, missing, notes }: Change): ChangeDocument {
  return { dryRun: isDryRun, packages: [...packages], missing: [...missing], notes: [...notes] };
}
