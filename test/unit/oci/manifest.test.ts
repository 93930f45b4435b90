import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import {
  emptyConfig,
  emptyConfigBytes,
  formatManifest,
  imageManifestType,
  maxManifestBytes,
  parseManifest,
} from '../../../src/oci/manifest.ts';

const layer = { mediaType: 'application/vnd.alpine.apk', digest: digestOf('a'), size: 1 };
const manifest = { artifactType: 'application/vnd.x', config: emptyConfig(), layers: [layer], annotations: { a: 'b' } };

function altered(change: object): Uint8Array {
  return Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(formatManifest(manifest)).toString()), ...change }));
}

describe('formatManifest', () => {
  it('is read back as it was', () => {
    expect(parseManifest(formatManifest(manifest))).toEqual(manifest);
  });

  it('states its own media type and schema version', () => {
    const document: unknown = JSON.parse(Buffer.from(formatManifest(manifest)).toString());
    expect(document).toMatchObject({ schemaVersion: 2, mediaType: imageManifestType });
  });

  it('names an empty config that is what it says', () => {
    expect(emptyConfig()).toMatchObject({ digest: digestOf(emptyConfigBytes()), size: emptyConfigBytes().length });
  });
});

describe('parseManifest', () => {
  it('takes a manifest without mediaType and annotations, and drops what it does not know', () => {
    const read = parseManifest(altered({ mediaType: undefined, annotations: undefined, subject: layer, more: [1] }));
    expect(read).toEqual({ ...manifest, annotations: {} });
  });

  it.each([
    ['an index', { mediaType: 'application/vnd.oci.image.index.v1+json' }],
    ['another schema version', { schemaVersion: 1 }],
    ['no config', { config: undefined }],
    ['layers that are null', { layers: null }],
    ['a layer of another digest algorithm', { layers: [{ ...layer, digest: `sha512:${'a'.repeat(128)}` }] }],
    ['a layer of a negative size', { layers: [{ ...layer, size: -1 }] }],
    ['a layer of a size that no number holds', { layers: [{ ...layer, size: 2 ** 60 }] }],
    ['a layer with a media type of two lines', { layers: [{ ...layer, mediaType: 'a/b\nc' }] }],
    ['an annotation that is no string', { annotations: { a: 1 } }],
    ['more layers than any artifact has', { layers: Array.from({ length: 5000 }, () => layer) }],
  ])('refuses %s', (_name, change) => {
    expect(() => parseManifest(altered(change))).toThrow(expect.objectContaining({ code: 'STORE_ANSWER_INVALID' }));
  });

  it.each(['', 'null', '[]', '{', '{"a":"\u0000"}', '\ufeff{}', '\xff'])('refuses %j', (text) => {
    const bytes = Buffer.from(text, 'latin1');
    expect(() => parseManifest(bytes)).toThrow(expect.objectContaining({ code: 'STORE_ANSWER_INVALID' }));
  });

  it('refuses a manifest that is too large before it looks into it', () => {
    const bytes = Buffer.alloc(maxManifestBytes + 1, ' ');
    expect(() => parseManifest(bytes)).toThrow(expect.objectContaining({ code: 'SIZE_EXCEEDED' }));
  });

  it('takes no prototype from the document', () => {
    const bytes = Buffer.from(
      Buffer.from(formatManifest(manifest)).toString().replace('"a":"b"', '"__proto__":"x","constructor":"y"'),
    );
    expect(Object.getPrototypeOf(parseManifest(bytes).annotations)).not.toBe('x');
  });
});
