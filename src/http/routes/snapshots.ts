import { GatewayError } from '../../errors.ts';
import { snapshotIn, type RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { RemovedSnapshotDocument, SnapshotDocument, SnapshotsDocument } from '../../protocol/snapshots.ts';
import type { ListedSnapshot } from '../../repository/service/snapshots.ts';
import { cacheControl, jsonAnswer } from '../answer/answer.ts';
import { auditName, type Audit } from '../caller/audit.ts';
import { countedChange } from '../caller/counted-change.ts';
import type { RequestReader } from '../caller/request-reader.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { HttpDependencies } from '../options.ts';
import type { RepositoryBase } from '../request/addressing.ts';
import { exactPageOf, pageLinks } from '../request/paging.ts';

const pageSize = 100;

/** Making, listing and removing snapshots: each has the path that it is read under. */
export interface SnapshotRoutes {
  list(exchange: Exchange, base: RepositoryBase): Promise<Response>;
  create(exchange: Exchange, base: RepositoryBase): Promise<Response>;
  remove(exchange: Exchange, base: RepositoryBase): Promise<Response>;
}

export function createSnapshotRoutes(
  deps: Pick<HttpDependencies, 'repositories' | 'meter'> & {
    readonly requests: RequestReader;
    readonly audit: Audit;
  },
): SnapshotRoutes {
  const { repositories, requests, audit, meter } = deps;

  const changing = async <T>(
    exchange: Exchange,
    base: RepositoryBase,
    action: 'create-snapshot' | 'remove-snapshot',
    work: (caller: ReturnType<RequestReader['caller']>) => Promise<T>,
  ): Promise<T> => {
    const caller = requests.caller(exchange, 'write');
    // The caller has nothing more to send while the store works: silence is no reason to hang up.
    exchange.connection?.setTimeout(0);
    const who = auditName(caller, exchange);
    const attempt = audit.begin(exchange, { action, who, at: base.at, files: [] });
    return await countedChange(
      meter,
      action,
      () => attempt.settle(() => work(caller)),
      () => ['done'],
    );
  };

  return {
    async list(exchange, { at }) {
      const caller = requests.caller(exchange, 'read');
      const listed = await repositories.listSnapshots(homeOf(at), caller, { signal: exchange.signal });
      const { items, ...paging } = exactPageOf(listed, exchange.query('page'), pageSize);
      const document: SnapshotsDocument = { snapshots: items.map(describe), ...paging };
      return jsonAnswer(200, document, { ...cacheControl(exchange, 'no-cache'), Link: pageLinks({}, paging) });
    },

    async create(exchange, base) {
      const { home, name } = placeOf(base.at);
      const made = await changing(exchange, base, 'create-snapshot', (caller) =>
        repositories.createSnapshot(home, name, caller),
      );
      const location = `${requests.origin(exchange).root}${base.path}`;
      return jsonAnswer(201, describe(made), { 'Cache-Control': 'no-store', Location: location });
    },

    async remove(exchange, base) {
      const { home, name } = placeOf(base.at);
      const { isFreed } = await changing(exchange, base, 'remove-snapshot', (caller) =>
        repositories.removeSnapshot(home, name, caller),
      );
      const document: RemovedSnapshotDocument = { name, freed: isFreed, notes: isFreed ? [] : [stayNote] };
      return jsonAnswer(200, document, { 'Cache-Control': 'no-store' });
    },
  };
}

const stayNote = 'this registry deletes nothing: the snapshot is gone for readers, what it held stays stored';

/** Of a snapshot, too, those of its repository. */
function homeOf(at: RepositoryCoordinates): RepositoryCoordinates {
  return { ...at, branch: snapshotIn(at.branch)?.branch ?? at.branch };
}

function placeOf(at: RepositoryCoordinates): { readonly home: RepositoryCoordinates; readonly name: string } {
  const snapshot = snapshotIn(at.branch);
  if (snapshot === undefined) throw new GatewayError('REQUEST_INVALID', 'the path names no snapshot');
  return { home: { ...at, branch: snapshot.branch }, name: snapshot.name };
}

function describe({ name, branch, repository, createdAt, ...snapshot }: ListedSnapshot): SnapshotDocument {
  const { createdBy, architectures, packages } = snapshot;
  return {
    ...{ name, branch, repository },
    createdAt: createdAt.toISOString(),
    ...(createdBy !== undefined && { createdBy }),
    architectures: [...architectures],
    packages,
  };
}
