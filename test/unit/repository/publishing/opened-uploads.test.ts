import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../../src/errors.ts';
import { openUploads } from '../../../../src/repository/publishing/opened-uploads.ts';
import type { BlobUpload, ImageStore } from '../../../../src/store/store.ts';

/** An image that tells what it was asked; of the sessions that it opens only the first so many come about. */
function anImage(sessions: number) {
  const asked: string[] = [];
  const session = (): BlobUpload => {
    let isOpen = true;
    return {
      finish: ({ size }, { isAnew } = {}) => {
        isOpen = false;
        asked.push(`filled with ${size}${isAnew === true ? ' anew' : ''}`);
        return Promise.resolve();
      },
      cancel: () => {
        if (isOpen) asked.push('given back');
        isOpen = false;
        return Promise.resolve();
      },
    };
  };
  const image = {
    startUpload: () => {
      sessions -= 1;
      return sessions >= 0 ? Promise.resolve(session()) : Promise.reject(new GatewayError('FORBIDDEN', 'no'));
    },
    pushBlob: (bytes: Uint8Array) => {
      asked.push(`put ${bytes.length}`);
      return Promise.resolve({ digest: 'sha256:0', size: bytes.length });
    },
  } as unknown as ImageStore;
  return { image, asked };
}

describe('sessions that were opened ahead', () => {
  it('take a blob each, and what is over is uploaded as any other', async () => {
    const { image, asked } = anImage(2);
    const uploads = openUploads(image, 2, {});
    for (const size of [1, 2, 3]) await uploads.upload(image, new Uint8Array(size), {});
    await uploads.close();
    expect(asked).toEqual(['filled with 1 anew', 'filled with 2 anew', 'put 3']);
  });

  it('are given back where nobody took them', async () => {
    const { image, asked } = anImage(2);
    const uploads = openUploads(image, 2, {});
    await uploads.upload(image, new Uint8Array(1), {});
    await uploads.close();
    expect(asked).toEqual(['filled with 1 anew', 'given back']);
  });

  it('are done without where the registry opens none', async () => {
    const { image, asked } = anImage(0);
    const uploads = openUploads(image, 2, {});
    await uploads.upload(image, new Uint8Array(1), {});
    await uploads.close();
    expect(asked).toEqual(['put 1']);
  });
});
