import { describe, expect, it } from 'vitest';
import { fault, json, type ScriptedAnswer } from '../../support/scripted-registry.ts';
import { aWorld, inTurn } from './world.ts';

const page = (tags: unknown, link?: string) => json({ name: 'a/b', tags }, link === undefined ? {} : { link });

describe('a tag listing', () => {
  it.each([
    ['a relative path', () => '</v2/a/b/tags/list?n=1000&last=b>; rel="next"'],
    ['an absolute URL', (host: string) => `<http://${host}/v2/a/b/tags/list?n=1000&last=b>; rel="next"`],
    ['bare words', (host: string) => `http://${host}/v2/a/b/tags/list?n=1000&last=b; rel=next`],
    ['another path', () => '</artifactory/a/b/tags/list?n=1000&last=b>; rel="next"'],
    ['a query alone', () => '<?n=1000&last=b>; rel="next"'],
    [
      'another host, of which only the query counts',
      () => '<http://inside.example:5000/v2/x?n=1000&last=b>; rel="next"',
    ],
  ])('is followed by links as %s', async (_name, link) => {
    const { image, registry } = await aWorld(({ query, headers: { host = '' } }) =>
      query.has('last') ? page(['c']) : page(['a', 'b'], link(host)),
    );
    expect(await image().tags()).toEqual(['a', 'b', 'c']);
    expect(registry.log()).toEqual(['GET /v2/a/b/tags/list?n=1000', 'GET /v2/a/b/tags/list?n=1000&last=b']);
    expect(registry.seen[0]?.headers.accept).toBeUndefined();
  });

  it('is a set of tags, whatever else stands in it', async () => {
    const answer = page(['a', 'a', null, `sha256:${'0'.repeat(64)}`, 'no tag', 7, 'b']);
    const { image } = await aWorld(() => answer);
    expect(await image().tags()).toEqual(['a', 'b']);
  });

  it.each<[string, ScriptedAnswer]>([
    ['null tags', page(null)],
    ['no member', json({ name: 'a/b' })],
    ['an unknown repository', fault(404, 'NAME_UNKNOWN')],
    ['an unknown repository of Harbor', fault(404, 'NOT_FOUND')],
    ['nothing at all', { status: 200, body: '' }],
  ])('is empty where the answer is %s', async (_name, answer) => {
    const { image } = await aWorld(() => answer);
    expect(await image().tags()).toEqual([]);
  });

  it('may begin with a byte order mark', async () => {
    const { image } = await aWorld(() => ({ status: 200, body: '\uFEFF{"name":"a/b","tags":["a"]}' }));
    expect(await image().tags()).toEqual(['a']);
  });

  it('goes on over empty pages', async () => {
    const { image } = await aWorld(
      inTurn(page([], '<?last=a>; rel="next"'), page([], '<?last=b>; rel="next"'), page(['c'])),
    );
    expect(await image().tags()).toEqual(['c']);
  });

  it('begins anew where its place was lost', async () => {
    const { image } = await aWorld(
      inTurn<ScriptedAnswer>(page(['a'], '<?last=a>; rel="next"'), fault(404, 'NAME_UNKNOWN'), page(['b'])),
    );
    expect(await image().tags()).toEqual(['b']);
  });

  it.each<[string, () => ScriptedAnswer]>([
    ['a link to itself', () => page(['a'], '<?n=1000>; rel="next"')],
    ['no JSON', () => ({ status: 200, body: '<html>' })],
    ['JSON of another form', () => json([])],
    ['tags of another form', () => page({ a: 1 })],
    ['places that are lost each time', inTurn<ScriptedAnswer>(...Array.from({ length: 3 }, lostPlace).flat())],
  ])('is refused: %s', async (_name, script) => {
    const { image } = await aWorld(script);
    await expect(image().tags()).rejects.toMatchObject({ code: 'STORE_ANSWER_INVALID' });
  });

  it('of more pages than anyone needs ends', { timeout: 60_000 }, async () => {
    let last = 0;
    const { image } = await aWorld(() => page([], `<?last=${last++}>; rel="next"`));
    await expect(image().tags()).rejects.toMatchObject({ code: 'SIZE_EXCEEDED' });
  });

  it('of 20,000 tags in one answer is read', async () => {
    const tags = Array.from({ length: 20_000 }, (_, i) => `${'x'.repeat(100)}-${i}`);
    const { image } = await aWorld(() => page(tags));
    expect(await image().tags()).toHaveLength(20_000);
  });
});

function lostPlace(): ScriptedAnswer[] {
  return [page(['a'], '<?last=a>; rel="next"'), fault(404, 'NAME_UNKNOWN')];
}
