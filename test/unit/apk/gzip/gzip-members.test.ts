import { crc32, gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readMember } from '../../../../src/apk/gzip/gzip-member.ts';
import { createMemberReader } from '../../../../src/apk/gzip/gzip-members.ts';
import { incompressible } from '../../../support/an-apk.ts';
import { chunked } from '../fixtures.ts';

interface SeenMember {
  raw: Buffer;
  content: Buffer;
  isEnded: boolean;
}

async function membersOf(file: Uint8Array, sizes?: readonly number[]): Promise<SeenMember[]> {
  const seen: SeenMember[] = [];
  const last = () => seen.at(-1)!;
  const reader = createMemberReader({
    begin: () => seen.push({ raw: Buffer.alloc(0), content: Buffer.alloc(0), isEnded: false }),
    raw: (bytes) => (last().raw = Buffer.concat([last().raw, bytes])),
    content: (bytes) => (last().content = Buffer.concat([last().content, bytes])),
    end: () => (last().isEnded = true),
    faultOf: (fault) => new Error(fault),
  });
  for await (const chunk of chunked(file, sizes)) await reader.write(chunk);
  reader.end();
  return seen;
}

/** A header with every optional field, in front of the body and trailer of `member`. */
function withAllFields(member: Buffer): Buffer {
  const fields = Buffer.from('\x03\0abcname\0comment\0', 'latin1');
  const header = Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0x1e, 0, 0, 0, 0, 0, 3]), fields]);
  const crc = Buffer.alloc(4);
  crc.writeUInt32LE(crc32(header));
  return Buffer.concat([header, crc.subarray(0, 2), member.subarray(10)]);
}

const texts = ['first', '', 'x'.repeat(300_000)];
const members = texts.map((text, index) => (index === 0 ? withAllFields(gzipSync(text)) : gzipSync(text)));

describe('a file of gzip members', () => {
  it.each([[[1 << 20]], [[7]], [[1000, 1, 333]]])('is split at its borders in chunks of %j', async (sizes) => {
    const seen = await membersOf(Buffer.concat(members), sizes);
    expect(seen.map(({ content }) => content.toString())).toEqual(texts);
    expect(seen.map(({ raw }) => raw)).toEqual(members);
    expect(seen.every(({ isEnded }) => isEnded)).toBe(true);
  });

  it('may have every field in its header, which zlib takes too', () => {
    expect(gunzipSync(members[0]!).toString()).toBe('first');
  });

  it('may hold more than fits into one step', async () => {
    const bytes = Buffer.concat([...incompressible('big', 3_000_000)]);
    const [member] = await membersOf(gzipSync(bytes));
    expect(member!.content.equals(bytes)).toBe(true);
  });

  const member = gzipSync('some content that is long enough');
  const changed = (offset: number, bytes: number[]) => {
    const copy = Buffer.from(member);
    copy.set(bytes, offset < 0 ? copy.length + offset : offset);
    return copy;
  };
  it.each([
    ['magic', Buffer.from('<html>')],
    ['magic', Buffer.concat([member, Buffer.alloc(1)])],
    ['header', changed(2, [7])],
    ['header', changed(3, [0x20])],
    ['header', changed(3, [0x02])],
    ['body', changed(10, [0xff, 0xff])],
    ['checksum', changed(-8, [1, 2, 3, 4])],
    ['length', changed(-4, [1, 2, 3, 4])],
    ['truncated', member.subarray(0, -1)],
    ['truncated', member.subarray(0, 12)],
    ['truncated', member.subarray(0, 5)],
    ['truncated', Buffer.concat([member, member.subarray(0, 1)])],
  ])('has the fault "%s"', async (fault, file) => {
    await expect(membersOf(file)).rejects.toThrow(fault);
    await expect(membersOf(file, [1])).rejects.toThrow(fault);
  });

  it('stops at the first error of its handler', async () => {
    let steps = 0;
    const reader = createMemberReader({
      begin: () => undefined,
      raw: () => undefined,
      content() {
        steps += 1;
        throw new RangeError('enough');
      },
      end: () => undefined,
      faultOf: (fault) => new Error(fault),
    });
    await expect(reader.write(gzipSync(Buffer.alloc(50_000_000)))).rejects.toThrow(RangeError);
    expect(steps).toBe(1);
  });
});

describe('a member in memory', () => {
  const faultOf = (fault: string) => new Error(fault);

  it('tells where it ends', () => {
    const file = Buffer.concat(members);
    const first = readMember(file, 0, 1000, faultOf);
    expect([Buffer.from(first.content).toString(), first.end]).toEqual(['first', members[0]!.length]);
    const second = readMember(file, first.end, 1000, faultOf);
    expect(readMember(file, second.end, 300_000, faultOf).end).toBe(file.length);
  });

  it('is refused past the limit and where it is cut', () => {
    expect(() => readMember(gzipSync(Buffer.alloc(2000)), 0, 1000, faultOf)).toThrow('body');
    expect(() => readMember(gzipSync('text').subarray(0, -3), 0, 1000, faultOf)).toThrow('truncated');
    expect(() => readMember(gzipSync('text').subarray(0, 13), 0, 1000, faultOf)).toThrow('truncated');
  });
});
