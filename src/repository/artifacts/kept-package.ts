import { hasHiddenCharacter } from '../../apk/text.ts';
import { parseManifest } from '../../oci/manifest.ts';
import type { Group } from '../../protocol/coordinates.ts';
import { stampOf, type Stamp } from '../../time/stamps.ts';
import { formatArtifact, type ArtifactProfile } from './format-artifact.ts';
import { packageContents, parsePackageManifest, type PackageRecord } from './package-manifest.ts';
import { keptBy } from './package-tag.ts';

/** The artifactType of what keeps a dead package's bytes. */
const keptArtifactType = 'application/vnd.lkard.apk.kept.v1';

/** Why a package was taken out of the index, by whom and when. */
export interface Keeping {
  readonly why: 'deleted' | 'withdrawn';
  readonly at: Stamp;
  readonly by?: string | undefined;
  /** One line, as people said it. */
  readonly reason?: string | undefined;
  /** Until when its bytes can be fetched at their path; not at all where it is undefined. */
  readonly fetchableUntil?: Stamp | undefined;
}

/** A package whose tag is dead, or about to be, and whose bytes stay. It is void while a live tag has the same content. */
export interface KeptPackage {
  readonly tag: string;
  readonly group: Omit<Group, 'image'>;
  readonly pkg: PackageRecord;
  readonly keeping: Keeping;
}

/** Longer than any that is written here. */
const maxShownLength = 500;

const annotation = {
  created: 'org.opencontainers.image.created',
  why: 'lkard.apk.kept.why',
  by: 'lkard.apk.kept.by',
  reason: 'lkard.apk.kept.reason',
  fetchableUntil: 'lkard.apk.kept.fetchable-until',
} as const;

/** The manifest of a kept package: it names the package's layer, so that no collection takes the bytes. */
export function formatKeptManifest({ tag, group, pkg, keeping }: KeptPackage, profile: ArtifactProfile): Uint8Array {
  const { layers, annotations } = packageContents({ ...group, image: '' }, keptBy(tag), pkg);
  const { why, by, reason, at, fetchableUntil } = keeping;
  const told = {
    ...annotations,
    [annotation.created]: new Date(at).toISOString(),
    [annotation.why]: why,
    ...(by === undefined ? {} : { [annotation.by]: by }),
    ...(reason === undefined ? {} : { [annotation.reason]: reason }),
    ...(fetchableUntil === undefined ? {} : { [annotation.fetchableUntil]: new Date(fetchableUntil).toISOString() }),
  };
  return formatArtifact(keptArtifactType, { layers, annotations: told }, profile);
}

/** The kept package under a tag; undefined where the manifest holds none: anybody who may push can put anything there. */
export function parseKeptManifest(tag: string, bytes: Uint8Array): KeptPackage | undefined {
  const held = parsePackageManifest(keptBy(tag), bytes);
  if (held === undefined) return undefined;
  const { annotations } = parseManifest(bytes);
  const why = annotations[annotation.why];
  const at = parseStamp(annotations[annotation.created]);
  if ((why !== 'deleted' && why !== 'withdrawn') || at === undefined) return undefined;
  const [by, reason] = [shownText(annotations[annotation.by]), shownText(annotations[annotation.reason])];
  return {
    ...{ tag, group: held.group, pkg: held.pkg },
    keeping: { why, at, by, reason, fetchableUntil: parseStamp(annotations[annotation.fetchableUntil]) },
  };
}

/** What somebody wrote, as far as it is fit to be shown. */
function shownText(text: string | undefined): string | undefined {
  const line = text?.slice(0, maxShownLength);
  return line === undefined || hasHiddenCharacter(line) ? undefined : line;
}

function parseStamp(text: string | undefined): Stamp | undefined {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? undefined : stampOf(ms);
}
