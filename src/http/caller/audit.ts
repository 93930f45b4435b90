import { isGatewayError } from '../../errors.ts';
import type { Log } from '../../ports.ts';
import type { ChangeVerb } from '../../protocol/lifecycle.ts';
import type { Caller } from '../../repository/service/caller.ts';
import type { CallerAddresses } from './caller-address.ts';
import { shownName } from './caller-credentials.ts';
import { statusOf } from '../answer/error-response.ts';
import type { Exchange } from '../exchange/exchange.ts';

/** What somebody did to a repository, or tried to. */
export interface AuditedAttempt {
  readonly action: 'push' | ChangeVerb | 'create-snapshot' | 'remove-snapshot' | 'read' | 'login';
  readonly who: string;
  /** As far as it is known. */
  readonly at: { readonly image: string; readonly branch?: string; readonly repository?: string } | undefined;
  /** `<architecture>/<file name>`, as far as they are known. */
  readonly files: readonly string[];
  /** Of the files, in their order: SHA-256, as far as they were read. */
  readonly digests?: readonly string[];
  /** Those of the files that were there already, byte for byte. */
  readonly unchanged?: readonly string[];
  /** Whether it was only asked what would be done. Default: no. */
  readonly isDryRun?: boolean | undefined;
  /** What the caller says why. */
  readonly reason?: string | undefined;
  /** `<image>/<branch>/<repository>` that a promotion takes them from, and whether they are deleted there. */
  readonly from?: string;
  readonly isMove?: boolean | undefined;
}

/** An attempt under way: it ends with one line. */
export interface AttemptUnderWay {
  /** Adds what became known of it. */
  readonly tell: (more: Partial<AuditedAttempt>) => void;
  /** What `work` gives; the line says how that ended. */
  settle<T>(work: () => Promise<T>): Promise<T>;
}

/** Writes the audit log: one line for each change, each attempt at one, and each refusal of somebody who says who they are. */
export interface Audit {
  begin(exchange: Exchange, attempt: AuditedAttempt): AttemptUnderWay;
  accepted(exchange: Exchange, attempt: AuditedAttempt): void;
  /** `refused` where the caller is to blame or may not, `failed` where the gateway or its registry is. */
  refused(exchange: Exchange, attempt: AuditedAttempt, error: unknown): void;
}

export function createAudit(log: Pick<Log, 'audit'>, addresses: CallerAddresses): Audit {
  const write = (
    exchange: Exchange,
    { action, who, at, files, digests, unchanged = [], reason, from, isMove }: AuditedAttempt,
    rest: { outcome: string; code?: string },
  ) => {
    const { requestId } = exchange.record;
    const remote = addresses.addressOf(exchange);
    log.audit(
      {
        action,
        ...rest,
        who,
        ...at,
        files,
        ...(digests && { digests }),
        ...(unchanged.length > 0 && { unchanged }),
        ...(reason !== undefined && { reason }),
        ...(from !== undefined && { from }),
        ...(isMove === true && { move: true }),
        requestId,
        remote,
      },
      `audit: ${action} ${rest.outcome}`,
    );
  };
  const audit: Audit = {
    begin(exchange, begun) {
      let attempt = begun;
      return {
        tell(more) {
          attempt = { ...attempt, ...more };
        },
        async settle(work) {
          try {
            const result = await work();
            audit.accepted(exchange, attempt);
            return result;
          } catch (error) {
            audit.refused(exchange, attempt, error);
            throw error;
          }
        },
      };
    },
    accepted(exchange, attempt) {
      const { files, unchanged = [] } = attempt;
      const isUnchanged = files.length > 0 && unchanged.length === files.length;
      const outcome = attempt.isDryRun === true ? 'dry-run' : isUnchanged ? 'unchanged' : 'accepted';
      write(exchange, attempt, { outcome });
    },
    refused(exchange, attempt, error) {
      const isRefusal = isGatewayError(error) && statusOf(error, { isAnonymous: false }) < 500;
      const code = isGatewayError(error) ? error.code : 'INTERNAL';
      write(exchange, attempt, { outcome: isRefusal ? 'refused' : 'failed', code });
    },
  };
  return audit;
}

/** The name that a line has for a caller; never what they prove themselves by. */
export function auditName(caller: Caller | undefined, exchange: Exchange): string {
  if (caller?.name !== undefined) return caller.name;
  const scheme = /^(basic|bearer) /i.exec(exchange.header('authorization') ?? '')?.[1]?.toLowerCase();
  if (scheme === undefined) return 'anonymous';
  return scheme === 'bearer' ? 'a Bearer token' : claimedName(exchange);
}

/** Whom the caller says they are: nobody has confirmed it where the attempt was refused. */
function claimedName(exchange: Exchange): string {
  const value = (exchange.header('authorization') ?? '').slice('basic '.length).trim();
  const name = Buffer.from(value, 'base64').toString('utf8').split(':', 1)[0] ?? '';
  return shownName(name);
}
