import { readPackage } from '../../../src/apk/package/package-file.ts';
import type { StagedPackage } from '../../../src/repository/service/publishing.ts';
import { digestOfHex } from '../../../src/oci/digest.ts';
import { anApk } from '../../support/an-apk.ts';

/** The small world that simulated pushes choose from: every file can have two contents, and one name is noarch too. */
export interface SimulatedFile {
  readonly name: string;
  readonly architecture: string;
  /** Default: 1.0-r0. */
  readonly version?: string;
}

export const simulatedFiles: readonly SimulatedFile[] = [
  { name: 'a', architecture: 'x86_64' },
  { name: 'b', architecture: 'x86_64' },
  { name: 'a', architecture: 'noarch' },
  { name: 'c', architecture: 'noarch' },
  { name: 'a', architecture: 'x86_64', version: '2.0-r0' },
];

export const contents = ['one', 'two'] as const;

/** A real package, read and checked as an upload would be. */
export async function stagedPackage(file: SimulatedFile, content: string): Promise<StagedPackage> {
  const bytes = anApk({
    name: file.name,
    version: file.version ?? '1.0-r0',
    arch: file.architecture,
    description: content,
  });
  const summary = await readPackage([bytes] as unknown as AsyncIterable<Uint8Array>);
  return { summary, source: { digest: digestOfHex(summary.sha256), size: summary.size, open: () => bytes } };
}

/** Every package of the small world, by `stagedKey`. */
export async function allStagedPackages(): Promise<ReadonlyMap<string, StagedPackage>> {
  const all = new Map<string, StagedPackage>();
  for (const file of simulatedFiles) {
    for (const content of contents) all.set(stagedKey(file, content), await stagedPackage(file, content));
  }
  return all;
}

export function stagedKey(file: SimulatedFile, content: string): string {
  return `${file.architecture}/${fileNameOf(file)}/${content}`;
}

export function fileNameOf(file: SimulatedFile): string {
  return `${file.name}-${file.version ?? '1.0-r0'}.apk`;
}
