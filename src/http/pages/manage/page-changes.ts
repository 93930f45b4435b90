import { GatewayError } from '../../../errors.ts';
import type { Meter } from '../../../ports.ts';
import { reasonSchema } from '../../../protocol/lifecycle.ts';
import type { RepositoryCoordinates } from '../../../protocol/coordinates.ts';
import type { Change } from '../../../repository/service/lifecycle.ts';
import type { Audit, AuditedAttempt } from '../../caller/audit.ts';
import { countedChange } from '../../caller/counted-change.ts';
import type { Exchange } from '../../exchange/exchange.ts';
import type { PageRequest } from '../frame/page-context.tsx';

/** A change that a form asks for. */
export interface AskedChange {
  readonly action: AuditedAttempt['action'];
  readonly at: RepositoryCoordinates;
  readonly files?: readonly string[];
  readonly reason?: string | undefined;
  /** `<image>/<branch>/<repository>` that a promotion takes them from, and whether they leave it. */
  readonly from?: string;
  readonly isMove?: boolean;
}

/** Makes changes that forms ask for: each has its line in the audit log and counts, as one by a program has. */
export interface PageChanges {
  packages(exchange: Exchange, request: PageRequest, asked: AskedChange, work: () => Promise<Change>): Promise<Change>;
  other<T>(exchange: Exchange, request: PageRequest, asked: AskedChange, work: () => Promise<T>): Promise<T>;
}

export interface PageChangesDeps {
  readonly audit: Audit;
  readonly meter?: Meter | undefined;
}

export function createPageChanges({ audit, meter }: PageChangesDeps): PageChanges {
  const begin = (exchange: Exchange, { caller }: PageRequest, asked: AskedChange) => {
    // The browser has nothing more to send while the store works: silence is no reason to hang up.
    exchange.connection?.setTimeout(0);
    return audit.begin(exchange, { files: [], ...asked, who: caller.name ?? 'somebody' });
  };

  return {
    packages(exchange, request, asked, work) {
      const attempt = begin(exchange, request, asked);
      const told = async () => {
        const change = await work();
        attempt.tell({ digests: change.packages.map(({ digest }) => digest), isDryRun: change.isDryRun });
        return change;
      };
      const outcomesOf = ({ isDryRun, packages }: Change) => (isDryRun ? [] : packages.map(({ outcome }) => outcome));
      return countedChange(meter, asked.action, () => attempt.settle(told), outcomesOf);
    },
    other(exchange, request, asked, work) {
      const attempt = begin(exchange, request, asked);
      return countedChange(
        meter,
        asked.action,
        () => attempt.settle(work),
        () => ['done'],
      );
    },
  };
}

/** What a form says why; undefined where it says nothing. REQUEST_INVALID where it isn't one line of printable text. */
export function reasonIn(form: URLSearchParams): string | undefined {
  const parsed = reasonSchema.safeParse((form.get('reason') ?? '').trim());
  if (!parsed.success) throw new GatewayError('REQUEST_INVALID', 'a reason is one line of printable text');
  return parsed.data === '' ? undefined : parsed.data;
}
