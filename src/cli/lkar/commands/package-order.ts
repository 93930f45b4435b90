import { NOARCH } from '../../../apk/architectures.ts';
import { compareVersions, isValidVersion } from '../../../apk/version.ts';
import type { PackageLine } from '../http/gateway-lines.ts';

type Listed = Pick<PackageLine, 'name' | 'version' | 'branch' | 'repo' | 'fileMetadata'>;

/** The architectures that most machines have, first; the others by name, what runs on all last. */
const usual = ['x86_64', 'aarch64'];

/** Empty where the gateway says none. */
export function architectureOf({ fileMetadata }: Pick<PackageLine, 'fileMetadata'>): string {
  return fileMetadata?.architecture ?? '';
}

/** Orders packages by branch, repository, name, version (as apk does, old ones first) and architecture. */
export function byPlaceAndName(a: Listed, b: Listed): number {
  return (
    compareText(a.branch, b.branch) ||
    compareText(a.repo, b.repo) ||
    compareText(a.name.toLowerCase(), b.name.toLowerCase()) ||
    compareText(a.name, b.name) ||
    byVersion(a.version, b.version) ||
    compareText(rankOf(architectureOf(a)), rankOf(architectureOf(b)))
  );
}

function byVersion(a: string, b: string): number {
  return isValidVersion(a) && isValidVersion(b) ? compareVersions(a, b) : compareText(a, b);
}

function rankOf(architecture: string): string {
  const place = usual.indexOf(architecture);
  return place === -1 ? `${architecture === NOARCH ? 2 : 1} ${architecture}` : `0 ${place}`;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
