import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { emptyConfig, formatManifest, imageManifestType } from '../../../src/oci/manifest.ts';
import { json } from '../../support/scripted-registry.ts';
import { aWorld, inTurn } from './world.ts';

const bytes = formatManifest({ config: emptyConfig(), layers: [], annotations: {} });
const headers = { 'content-type': imageManifestType };
const altered = Buffer.from(bytes.map((byte, i) => (i === 5 ? byte ^ 1 : byte)));

describe('an answer that was damaged on its way', () => {
  it('is asked for again: a manifest with other bytes than its digest', async () => {
    const digest = digestOf(bytes);
    const next = inTurn({ status: 200, headers, body: altered }, { status: 200, headers, body: bytes });
    const { image, pauses } = await aWorld(next);
    expect((await image().fetchManifest(digest))?.digest).toBe(digest);
    expect(pauses).toHaveLength(1);
  });

  it('is asked for again: half a listing', async () => {
    const next = inTurn({ status: 200, body: '{"name":"a/b","tags":["on' }, json({ name: 'a/b', tags: ['one'] }));
    const { image } = await aWorld(next);
    expect(await image().tags()).toEqual(['one']);
  });

  it('is a fault in the end', async () => {
    const { image, registry } = await aWorld(() => ({ status: 200, body: '<html>' }));
    await expect(image().tags()).rejects.toMatchObject({ code: 'STORE_ANSWER_INVALID' });
    expect(registry.seen).toHaveLength(3);
  });
});
