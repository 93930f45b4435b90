import { constants, inflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { deflateRun } from '../../../src/apk/index/index-content.ts';
import { GatewayError } from '../../../src/errors.ts';
import { digestOf, type Digest } from '../../../src/oci/digest.ts';
import { imageManifestType } from '../../../src/oci/manifest.ts';
import { indexV3PartType } from '../../../src/repository/index/index-manifest.ts';
import { indexTag } from '../../../src/repository/artifacts/package-tag.ts';
import { createRecordingStore } from '../../support/memory-store.ts';
import {
  aCaller,
  aClock,
  aGroup,
  aReplica,
  aSigningKey,
  at,
  fixedKeys,
  listedBy,
  type TestReplica,
  type V3Spec,
} from '../../support/a-repository.ts';

const old = { name: 'old', version: '1.0-r0' };
const fresh: V3Spec = { format: 'v3', name: 'fresh', version: '2.0-r0' };
const everywhere: V3Spec = { format: 'v3', name: 'everywhere', version: '3', arch: 'noarch' };

function aWorld() {
  const clock = aClock();
  const { store, calls } = createRecordingStore();
  const replica = (name?: string) => aReplica({ store, clock, keys: fixedKeys(aSigningKey(name)) });
  const allOf = async ({ repositories }: TestReplica, architecture = 'x86_64') => {
    const listing = await clock.until(repositories.listIndex(at, architecture, aCaller('reader')));
    return listing?.packages().map(({ fileName }) => fileName);
  };
  return { clock, store, calls, replica, allOf };
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: unknown) => (error instanceof GatewayError ? [error.code, error.message] : String(error)),
  );

describe('a package of the new format', () => {
  it('is listed with the others by every replica, and apk 2 sees nothing of it', async () => {
    const { clock, replica, allOf } = aWorld();
    expect(await replica().push([old, fresh, everywhere])).toEqual(['published', 'published', 'published']);
    for (const one of [replica(), replica()]) {
      expect(await allOf(one)).toEqual(['everywhere-3.apk', 'fresh-2.0-r0.apk', 'old-1.0-r0.apk']);
      expect(await listedBy(clock, one)).toEqual(['old-1.0-r0']);
      expect(await allOf(one, 'aarch64')).toEqual(['everywhere-3.apk']);
    }
  });

  it('is told from the index alone: a cold replica reads no manifest of it', async () => {
    const { calls, replica, allOf } = aWorld();
    await replica().push([old, fresh]);
    calls.length = 0;
    expect(await allOf(replica())).toEqual(['fresh-2.0-r0.apk', 'old-1.0-r0.apk']);
    const read = calls.filter(({ operation }) => operation === 'fetchManifest').map(({ reference }) => reference);
    expect(read).toEqual([indexTag(aGroup())]);
  });

  it('has the name for both formats: the other one is refused, and told why', async () => {
    const { replica } = aWorld();
    await replica().push([old, fresh]);
    const told = (format: string): readonly unknown[] => [
      'PACKAGE_EXISTS',
      expect.stringContaining(`a package of the other format (apk ${format}) is there`),
    ];
    expect(await codeOf(replica().push([{ ...old, format: 'v3' }]))).toEqual(told('v2'));
    expect(await codeOf(replica().push([{ name: 'fresh', version: '2.0-r0' }]))).toEqual(told('v3'));
  });

  it('is deleted as any other, and the index without any is the one that was there before', async () => {
    const { clock, replica, allOf } = aWorld();
    const one = replica();
    await one.push([old]);
    const bytes = async () => (await clock.until(one.repositories.openIndex(at, 'x86_64', aCaller('reader'))))?.bytes;
    const before = await bytes();
    await one.push([fresh]);
    expect(await bytes()).toEqual(before);
    await clock.until(
      one.repositories.withdraw(at, { architecture: 'x86_64', fileName: 'fresh-2.0-r0.apk' }, aCaller('ci')),
    );
    expect(await allOf(replica())).toEqual(['old-1.0-r0.apk']);
    expect(await bytes()).toEqual(before);
  });

  it('is verified with the others, manifest and bytes', async () => {
    const { clock, store, replica } = aWorld();
    const one = replica();
    await one.push([old, fresh]);
    const verify = async () => {
      const findings: string[] = [];
      const note = ({ kind, message }: { kind: string; message: string }) => findings.push(`${kind}: ${message}`);
      const verified = await clock.until(one.repositories.verify(at, aCaller('operator'), note));
      return { ...verified, findings };
    };
    expect(await verify()).toMatchObject({ packages: 2, findings: [] });
    const { tags, manifests } = store.state(at.image);
    for (const [tag, digest] of tags) if (tag.includes('-p-fresh-')) manifests.delete(digest);
    const { findings } = await verify();
    expect(findings).toEqual([expect.stringContaining('the manifest of fresh-2.0-r0.apk is gone')]);
  });

  it('is believed as its pusher wrote it, not as somebody else wrote it into a signed index', async () => {
    const { clock, store, replica } = aWorld();
    const one = aReplica({ store, clock, keys: fixedKeys(aSigningKey()) }, { maxInlineBytes: 0 });
    await one.push([old, fresh]);
    const state = store.state(at.image);
    const { bytes } = state.manifests.get(state.tags.get(indexTag(aGroup()))!)!;
    const manifest = JSON.parse(Buffer.from(bytes).toString()) as { layers: { mediaType: string; digest: Digest }[] };
    const layer = manifest.layers.find(({ mediaType }) => mediaType === indexV3PartType)!;
    const record = inflateRawSync(state.blobs.get(layer.digest)!, { finishFlush: constants.Z_SYNC_FLUSH }).toString();
    const forged = deflateRun(record.replace('a test package', 'planted'));
    const put = (content: Uint8Array) => {
      state.blobs.set(digestOf(content), content);
      return { digest: digestOf(content), size: content.length };
    };
    Object.assign(layer, put(forged.bytes));
    const replaced = Buffer.from(JSON.stringify(manifest));
    state.manifests.set(digestOf(replaced), { mediaType: imageManifestType, bytes: replaced });
    state.tags.set(indexTag(aGroup()), digestOf(replaced));
    clock.pass(5000);
    for (const reader of [one, replica()]) {
      const listing = await clock.until(reader.repositories.listIndex(at, 'x86_64', aCaller('reader')));
      const told = listing?.packages().find(({ fileName }) => fileName === 'fresh-2.0-r0.apk');
      expect(told?.entry.description).toBe('a test package');
    }
  });
});
