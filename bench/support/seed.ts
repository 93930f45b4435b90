import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { IndexEntry } from '../../src/apk/index/index-entry.ts';
import { packageFileName } from '../../src/apk/package-name.ts';
import { digestOf, hexOf } from '../../src/oci/digest.ts';
import { emptyConfigBytes } from '../../src/oci/manifest.ts';
import type { Group } from '../../src/protocol/coordinates.ts';
import { formatPackageManifest } from '../../src/repository/artifacts/package-manifest.ts';
import { newPackageTag } from '../../src/repository/artifacts/package-tag.ts';
import { stampOf } from '../../src/time/stamps.ts';

/** Where a store keeps one image's content on its disk; all it needs to serve what is written there. */
export interface SeededStore {
  blob(bytes: Uint8Array): void;
  manifest(tag: string, bytes: Uint8Array): void;
}

/** The folder of a docker-registry (`TestRegistry`), as its filesystem driver lays it out. */
export function registryFolder(folder: string, image: string): SeededStore {
  const root = path.join(folder, 'data', 'docker', 'registry', 'v2');
  const ofImage = path.join(root, 'repositories', image);
  const content = (bytes: Uint8Array) => {
    const hex = hexOf(digestOf(bytes));
    put(path.join(root, 'blobs', 'sha256', hex.slice(0, 2), hex, 'data'), bytes);
    return hex;
  };
  return {
    blob(bytes) {
      const hex = content(bytes);
      put(path.join(ofImage, '_layers', 'sha256', hex, 'link'), `sha256:${hex}`);
    },
    manifest(tag, bytes) {
      const hex = content(bytes);
      put(path.join(ofImage, '_manifests', 'revisions', 'sha256', hex, 'link'), `sha256:${hex}`);
      put(path.join(ofImage, '_manifests', 'tags', tag, 'current', 'link'), `sha256:${hex}`);
    },
  };
}

/** The folder of the embedded store. */
export function embeddedFolder(folder: string, image: string): SeededStore {
  const ofImage = path.join(folder, 'images', image);
  return {
    blob(bytes) {
      put(path.join(ofImage, '_blobs', hexOf(digestOf(bytes))), bytes);
    },
    manifest(tag, bytes) {
      const digest = digestOf(bytes);
      put(path.join(ofImage, '_manifests', hexOf(digest)), bytes);
      put(path.join(ofImage, '_tags', tag), digest);
    },
  };
}

export interface SeedOptions {
  /** Whether something is stored for each file too: registries take no manifest with a layer that isn't there. Default: false. */
  readonly hasFiles?: boolean;
  /** The record of package number `i`. Default: such as Alpine's. */
  readonly entry?: (group: Group, i: number) => IndexEntry;
}

/**
 * Writes the artifacts of so many packages past the store, as many pushes an hour ago would have left them and without an
 * index. Their records are as long as Alpine's; what stands for their files, if anything, is no package: nobody opens one.
 */
export function seedPackages(
  store: SeededStore,
  group: Group,
  count: number,
  { hasFiles = false, entry: recordOf = entryOf }: SeedOptions = {},
): void {
  const madeMs = Date.now() - 3_600_000;
  store.blob(emptyConfigBytes());
  for (let i = 0; i < count; i += 1) {
    const entry = recordOf(group, i);
    const fileName = packageFileName(entry.name, entry.version);
    const random = (bytes: number) =>
      createHash('sha256').update(`${group.architecture} ${i}`).digest().subarray(0, bytes);
    const tag = newPackageTag(group, { fileName, identity: entry.identity }, stampOf(madeMs), random);
    const file = Buffer.from(`${group.architecture} ${fileName}`);
    if (hasFiles) store.blob(file);
    const digest = digestOf(file);
    const pkg = { fileName, architecture: group.architecture, entry, digest, packager: 'ci <ci@example.org>' };
    store.manifest(tag, formatPackageManifest(group, tag, pkg, { artifactType: true }));
  }
}

const words = ['font', 'lib', 'python', 'perl', 'ruby', 'lua', 'go', 'rust', 'qt', 'gtk', 'kde', 'xorg', 'py3', 'node'];
const endings = ['', '-dev', '-doc', '-lang', '-openrc', '-bash-completion', '-pyc', '-static'];

/** The record of package number `i`: such as Alpine's, unlike any other. */
export function entryOf({ architecture }: Group, i: number): IndexEntry {
  const seed = createHash('sha256').update(`${i}`).digest();
  const word = words[seed[0]! % words.length]!;
  const stem = `${word}-${seed.toString('hex', 1, 4)}`;
  const name = `${stem}${endings[seed[4]! % endings.length]!}-${i}`;
  const version = `${seed[5]! % 9}.${seed[6]! % 40}.${seed[7]! % 20}-r${seed[8]! % 6}`;
  const neighbours = Array.from(
    { length: seed[9]! % 5 },
    (_, k) => `${words[seed[10 + k]! % words.length]!}-${seed[11 + k]!}`,
  );
  return {
    identity: `Q1${createHash('sha1').update(`${architecture} ${name}`).digest('base64')}`,
    name,
    version,
    architecture,
    fileSize: 1000 + seed.readUInt16LE(15) * 16,
    installedSize: seed.readUInt16LE(17) * 64,
    description: `${word} bindings and helpers for ${stem}, number ${i} of many`,
    url: `https://${word}.example.org/projects/${stem}`,
    license: seed[19]! % 2 === 0 ? 'MIT' : 'GPL-2.0-or-later',
    origin: stem,
    maintainer: `Maintainer ${seed[20]!} <maintainer${seed[20]!}@example.org>`,
    buildTime: 1_700_000_000 + (seed.readUInt32LE(21) % 30_000_000),
    commit: createHash('sha1').update(stem).digest('hex'),
    depends: ['so:libc.musl-x86_64.so.1', ...new Set(neighbours)],
    provides:
      seed[25]! % 3 === 0
        ? [`so:lib${stem}.so.${seed[26]! % 9}=${seed[26]! % 9}.0.${seed[27]!}`, `cmd:${stem}=${version}`]
        : [],
    installIf: [],
  };
}

function put(file: string, content: Uint8Array | string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
}
