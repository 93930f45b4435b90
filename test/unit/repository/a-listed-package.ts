import type { IndexEntry } from '../../../src/apk/index/index-entry.ts';
import type { ListedPackage } from '../../../src/repository/service/catalog.ts';

/** A package in a listing; all but its name has a default. */
export function aListedPackage(
  entry: Partial<IndexEntry> & { readonly name: string },
  values: Partial<ListedPackage> = {},
): ListedPackage {
  const full: IndexEntry = {
    ...{ identity: 'Q1wbSklZOCT5nyqBSG9Euhoip0+5k=', version: '1.0-r0', architecture: 'x86_64', fileSize: 900 },
    ...{ installedSize: 4096, description: '', url: '', license: 'MIT', depends: [], provides: [], installIf: [] },
    ...entry,
  };
  return {
    ...{ branch: 'edge', repository: 'main', architecture: full.architecture },
    ...{ fileName: `${full.name}-${full.version}.apk`, entry: full, size: full.fileSize },
    digest: `sha256:${'ab'.repeat(32)}`,
    pushedAt: new Date('2026-03-04T05:06:07Z'),
    signature: { verdict: 'unchecked', keyNames: [] },
    ...values,
  };
}
