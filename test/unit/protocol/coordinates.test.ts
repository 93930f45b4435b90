import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { isBranchOrRepository, parseCoordinates, parseImage } from '../../../src/protocol/coordinates.ts';
import { indexFileName, isReservedFirstSegment, verbs } from '../../../src/protocol/words.ts';

const words = [...Object.values(verbs), indexFileName];

describe('a branch or repository', () => {
  it.each(['edge', 'v3.22', 'main', 'community', 'A_b-c.d', 'keys', 'pushed', 'apk', 'x.apks'])('may be %s', (name) => {
    expect(isBranchOrRepository(name)).toBe(true);
  });

  it.each([...words, 'demo-1.0-r0.apk', 'k.rsa.pub', '', '.', '..', '-a', 'a b', 'a/b', 'a'.repeat(65)])(
    "can't be %s",
    (name) => {
      expect(isBranchOrRepository(name)).toBe(false);
      const at = { image: 'team/app', branch: 'edge', repository: 'main' };
      expect(() => parseCoordinates({ ...at, branch: name })).toThrow(
        expect.objectContaining({ code: 'BRANCH_INVALID' }),
      );
      expect(() => parseCoordinates({ ...at, repository: name })).toThrow(
        expect.objectContaining({ code: 'REPOSITORY_INVALID' }),
      );
    },
  );
});

describe('an image', () => {
  it('that was written with capitals is told its name without', () => {
    expect(() => parseImage('Team/App')).toThrow('no capitals, write team/app');
    expect(() => parseImage('a//B')).not.toThrow('capitals');
  });

  it.each(['team/app', 'app', 'team/apk', 'team/v2', 'apks'])('may be %s', (image) => {
    expect(parseImage(image)).toBe(image);
  });

  it.each(['apk', 'apk/app', 'api/app', 'v2', 'v2/app', '_packages/app', 'metrics', 'Team/app', '', 'a//b'])(
    "can't be %j",
    (image) => {
      expect(() => parseImage(image)).toThrow(expect.objectContaining({ code: 'IMAGE_INVALID' }));
    },
  );
});

it('the docs name every reserved word', () => {
  const page = readFileSync(path.join(import.meta.dirname, '../../../docs/addressing.md'), 'utf8');
  const section = /^## Reserved words$(.*?)^## /ms.exec(page)?.[1] ?? '';
  const named = [...section.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);
  for (const word of words) expect(named).toContain(word);
  const strays = named.filter((word) => isBranchOrRepository(word) && !isReservedFirstSegment(word));
  expect(strays).toEqual([]);
});
