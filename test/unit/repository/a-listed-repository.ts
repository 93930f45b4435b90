import type { ListedRepository } from '../../../src/repository/service/catalog.ts';

/** A repository in a listing; all has a default. */
export function aListedRepository(values: Partial<ListedRepository> = {}): ListedRepository {
  const { architectures = ['x86_64'] } = values;
  return {
    ...{ branch: 'edge', repository: 'main', architectures, lastUpdated: new Date(0), lastPushed: new Date(0) },
    ...{ metadata: { size: 1, count: 1 }, packages: { size: 1, count: 1 }, names: 1 },
    held: new Map(architectures.map((architecture) => [architecture, 1])),
    ...values,
  };
}
