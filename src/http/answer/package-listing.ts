import type { ListedPackage, ListedRepository } from '../../repository/repository.ts';

/** One package as `lkar` reads it from `/_packages`: its shape is fixed by clients in the field; absent values are left out. */
export function describePackage(pkg: ListedPackage): object {
  const { entry } = pkg;
  return {
    name: entry.name,
    version: entry.version,
    versionMetadata: withoutEmpty({
      projectURL: entry.url,
      description: entry.description,
      license: entry.license,
    }),
    fileMetadata: describeFile(pkg),
    size: pkg.size,
    digest: pkg.digest.replace('sha256:', ''),
    branch: pkg.branch,
    repo: pkg.repository,
    filePath: [pkg.branch, pkg.repository, pkg.architecture, pkg.fileName].join('/'),
    pushedAt: pkg.pushedAt.toISOString(),
    ...(pkg.pushedBy !== undefined && { pushedBy: pkg.pushedBy }),
    signature: pkg.signature,
  };
}

/** One repository as `lkar` reads it from `/_repositories`; branch, repository and architectures are ours. */
export function describeRepository(listed: ListedRepository): object {
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
    architectures,
  };
}

function describeFile(pkg: ListedPackage): object {
  const { entry } = pkg;
  return withoutEmpty({
    checksum: entry.identity,
    packager: pkg.packager,
    buildDate: entry.buildTime,
    size: Number(entry.installedSize),
    architecture: pkg.architecture,
    origin: entry.origin,
    commitHash: entry.commit,
    installIf: entry.installIf.join(' '),
    provides: entry.provides,
    dependencies: entry.depends,
  });
}

function withoutEmpty(values: Readonly<Record<string, string | number | readonly string[] | undefined>>): object {
  const isThere = ([, value]: [string, unknown]) =>
    value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(values).filter(isThere));
}
