import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

const root = path.join(import.meta.dirname, '..');
const views = 'unit/repository/views';
const publish = 'simulation/publish';
const registry = 'simulation/registry';
const world = 'integration/world';
const troubled = [`${publish}/troubled.test.ts`, 'loses nothing where there are %s'] as const;

/** What users met where the world wasn't as the protocol took it to be, and the test that each stays mended by. */
const knownFaults: readonly (readonly [fault: string, file: string, test: string])[] = [
  [
    'an empty index was served because a front end had no back end for 300 ms',
    `${world}/known-faults.test.ts`,
    'shows nobody an empty index',
  ],
  ['…and a push put it into the registry', `${world}/known-faults.test.ts`, 'loses nothing to a push'],
  [
    'a caller without rights got what is in memory',
    `${views}/rights.test.ts`,
    'a stranger gets nothing that others have read',
  ],
  [
    'readers got 404 because somebody else may not read',
    `${views}/rights.test.ts`,
    'a reader is never told that nothing is there because a stranger was',
  ],
  [
    'one garbled answer hid a package, and one an index',
    `${views}/index-serving.test.ts`,
    'takes one garbled answer for an index that is not there for none',
  ],
  [
    '…and a repository for ever',
    'unit/repository/live/groups.test.ts',
    'whose manifest came garbled once is found again',
  ],
  [
    'an absence told once was a death',
    `${publish}/known-bad.test.ts`,
    'a package that the index lists stays until both are repeated',
  ],
  ['an index froze while a clock was behind', `${views}/index-serving.test.ts`, 'by a clock that is set back'],
  [
    '304 was answered for other content',
    `${views}/index-serving.test.ts`,
    'says another Last-Modified for each content',
  ],
  ['a delete by a clock that was off came back', ...troubled],
  [
    'a push that slept was deleted and acknowledged',
    `${publish}/known-deaths.test.ts`,
    'that slept for an hour holds nothing any more',
  ],
  [
    '"unchanged" was answered for what was being withdrawn',
    `${publish}/known-bad.test.ts`,
    'identical bytes are pushed while the first push of them is being withdrawn',
  ],
  [
    'a withdrawal that landed late took what was acknowledged',
    `${publish}/known-rivals.test.ts`,
    'a push whose withdrawal failed is not acknowledged after all',
  ],
  [
    'a rival of a dead pusher was never cleared',
    `${publish}/known-deaths.test.ts`,
    'that lost its name is buried by whoever publishes next',
  ],
  [
    '…and had the name once the index was lost',
    `${publish}/known-deaths.test.ts`,
    'that was held stays so to whoever has seen it',
  ],
  [
    'readers were cut off while the registry hung',
    'integration/registry-trouble.test.ts',
    'hangs: readers have what is in memory within 2 s',
  ],
  [
    'readers waited as long as Retry-After said',
    'integration/registry-trouble.test.ts',
    'answers %s: readers have what is in memory within 2 s',
  ],
  [
    'what was acknowledged after a failed read was not listed',
    'integration/registry-trouble.test.ts',
    'what the gateway acknowledges next is listed at once',
  ],
  [
    'pushers were answered after five minutes, or not',
    `${world}/answered-in-time.test.ts`,
    'are answered in time where the registry %s as it %s',
  ],
  [
    '…and after a stop of the registry',
    `${world}/answered-in-time.test.ts`,
    'are answered in time where the registry is stopped',
  ],
  ['an index was 503 until the registry restarted', `${world}/collected-content.test.ts`, 'is mended by the next push'],
  ['…also for lkard verify --repair', `${world}/collected-content.test.ts`, 'is mended by lkard verify --repair'],
  ['the bytes of a lost package were 409', `${world}/collected-content.test.ts`, 'comes back with the same bytes'],
  [
    '"unchanged" was answered for what a restore took',
    `${world}/known-faults.test.ts`,
    'that was set back to a backup',
  ],
  ['a read-only registry was 502', `${world}/known-faults.test.ts`, 'that is read-only is 503 with Retry-After'],
  ['every push was 502 where HEAD is refused', `${world}/known-faults.test.ts`, 'that answers HEAD with %i'],
  [
    '…and where the next page is at another host',
    `${registry}/listing.test.ts`,
    'another host, of which only the query counts',
  ],
  [
    'another replica did not list what was acknowledged',
    'integration/read-your-writes.test.ts',
    'list what was acknowledged and list no more what was deleted',
  ],
  [
    'lkar push --wait had asked one replica',
    'integration/read-your-writes.test.ts',
    'serve what lkar push --wait has returned for',
  ],
];

it.each(knownFaults)('%s: has a test that a user’s words find', (_fault, file, test) => {
  const text = readFileSync(path.join(root, file), 'utf8');
  expect(text).toContain(test);
  expect(text).not.toMatch(
    new RegExp(`\\b(?:it|describe)\\.(?:skip|todo)\\([^)]*${test.slice(0, 20).replace(/\W/g, '.')}`),
  );
});
