import { isV3Entry } from '../../apk/index-v3/index-v3-record.ts';
import type { PackageDocument, RepositoryDocument } from '../../protocol/documents.ts';
import type { ListedPackage, ListedRepository } from '../../repository/service/catalog.ts';

/** One package as `/_packages` has it: its shape is fixed by clients in the field; absent values are left out. */
export function describePackage(pkg: ListedPackage): PackageDocument {
  const { entry } = pkg;
  return {
    name: entry.name,
    version: entry.version,
    versionMetadata: {
      projectURL: present(entry.url),
      description: present(entry.description),
      license: present(entry.license),
    },
    fileMetadata: describeFile(pkg),
    format: isV3Entry(entry) ? 'v3' : 'v2',
    size: pkg.size,
    digest: pkg.digest.replace('sha256:', ''),
    branch: pkg.branch,
    repo: pkg.repository,
    filePath: [pkg.branch, pkg.repository, pkg.architecture, pkg.fileName].join('/'),
    pushedAt: pkg.pushedAt.toISOString(),
    pushedBy: pkg.pushedBy,
    ...pkg.provenance,
    signature: { verdict: pkg.signature.verdict, keyNames: [...pkg.signature.keyNames] },
  };
}

/** One repository as `/_repositories` has it; branch, repository and architectures are ours. */
export function describeRepository(listed: ListedRepository): RepositoryDocument {
  const { branch, repository, architectures, metadata, packages } = listed;
  return {
    name: `${branch}/${repository}`,
    type: 'apk',
    size: metadata.size + packages.size,
    lastUpdated: listed.lastUpdated.toISOString(),
    metadata,
    packages,
    branch,
    repository,
    architectures: [...architectures],
  };
}

function describeFile({ entry, architecture, packager }: ListedPackage): PackageDocument['fileMetadata'] {
  return {
    checksum: entry.identity,
    packager: present(packager),
    buildDate: entry.buildTime,
    size: Number(entry.installedSize),
    architecture,
    origin: present(entry.origin),
    commitHash: present(entry.commit),
    installIf: present(entry.installIf.join(' ')),
    provides: presentAll(entry.provides),
    dependencies: presentAll(entry.depends),
  };
}

function present(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function presentAll(tokens: readonly string[]): string[] | undefined {
  return tokens.length === 0 ? undefined : [...tokens];
}
