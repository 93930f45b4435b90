import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../../src/errors.ts';
import { formatKeptManifest, type KeptPackage } from '../../../../src/repository/artifacts/kept-package.ts';
import { barOf, keptTagOf, newPackageTag } from '../../../../src/repository/artifacts/package-tag.ts';
import { findKept } from '../../../../src/repository/keeping/find-kept.ts';
import { dropKept } from '../../../../src/repository/keeping/kept-packages.ts';
import { stampOf } from '../../../../src/time/stamps.ts';
import { aRecord } from '../../../support/a-repository.ts';

const group = { branch: 'edge', repository: 'main', architecture: 'x86_64' };
const nowMs = Date.UTC(2026, 0, 1);

function aKept(name: string, version: string): KeptPackage {
  const pkg = aRecord({ name, version });
  const names = { fileName: pkg.fileName, identity: pkg.entry.identity };
  const tag = keptTagOf(newPackageTag(group, names, stampOf(nowMs), randomBytes), 'kept');
  return { tag, group, pkg, keeping: { why: 'deleted', at: stampOf(nowMs), fetchableUntil: stampOf(nowMs + 1000) } };
}

function anImage(kept: readonly KeptPackage[]) {
  const manifests = new Map(kept.map((one) => [one.tag, formatKeptManifest(one, { artifactType: true })]));
  return {
    fetchManifest: (tag: string) => Promise.resolve({ bytes: manifests.get(tag), digest: 'sha256:x' }),
    resolve: (tag: string) => Promise.resolve(manifests.has(tag) ? { digest: 'sha256:x' } : undefined),
    deleteTag: () => Promise.reject(new GatewayError('DELETE_UNSUPPORTED', 'no')),
  } as never;
}

describe('what is kept', () => {
  it('can be fetched, however many versions of a long name were deleted', async () => {
    const name = 'a-controller-manager-with-a-name-longer-than-tags-can-hold';
    const kept = Array.from({ length: 30 }, (_, i) => aKept(name, `1.${i}-r0`));
    const tags = kept.map(({ tag }) => tag);
    for (const { tag, pkg } of kept) {
      const found = await findKept(anImage(kept), tags, pkg.fileName, stampOf(nowMs));
      expect(found?.tag).toBe(tag);
    }
  });

  it('is not said to be over where tags are written once and never removed, but for what nobody can fetch then', async () => {
    const deleted = aKept('app', '1.0-r0');
    const kept: KeptPackage = { ...deleted, keeping: { ...deleted.keeping, why: 'withdrawn' } };
    const refused = () => Promise.reject(new GatewayError('TAG_IMMUTABLE', 'once'));
    const artifacts = { put: refused, putProven: refused };
    const dropped = dropKept(artifacts, anImage([kept]), kept.tag, {});
    await expect(dropped).rejects.toMatchObject({ code: 'TAG_IMMUTABLE' });
    const tags: string[] = [];
    const putsOnce = (_image: unknown, tag: string) =>
      tag === deleted.tag ? refused() : Promise.resolve(void tags.push(tag));
    await dropKept({ put: putsOnce, putProven: putsOnce } as never, anImage([deleted]), deleted.tag, {});
    expect(tags).toEqual([barOf(deleted.tag)]);
  });
});
