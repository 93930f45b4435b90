import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { jsonList } from '../../../../src/http/answer/json-list.ts';

describe('a JSON list that goes out part by part', () => {
  it.each([0, 1, 63, 64, 65, 1000])('is that of %i members', async (count) => {
    const items = Array.from({ length: count }, (_, at) => `é${at}`);
    const told = await text(jsonList(items, (name) => ({ name })));
    expect(JSON.parse(told)).toEqual(items.map((name) => ({ name })));
    expect(told.endsWith(']\n')).toBe(true);
  });

  it('describes no more than goes out', async () => {
    let described = 0;
    const list = jsonList(Array.from({ length: 100_000 }), () => ({
      count: (described += 1),
      filling: 'x'.repeat(500),
    }));
    for await (const part of list) {
      expect(Buffer.byteLength(part as Uint8Array)).toBeGreaterThan(0);
      break;
    }
    expect(described).toBeLessThan(1000);
  });
});
