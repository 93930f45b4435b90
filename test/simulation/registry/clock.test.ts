import { expect, it, onTestFinished } from 'vitest';
import { json, startScriptedRegistry } from '../../support/scripted-registry.ts';
import { aWorld } from './world.ts';

const date = 'Thu, 01 Jan 2026 00:20:00 GMT';

it("stamps are the registry's time, as its answers tell it", async () => {
  const measured: number[] = [];
  const { store, image } = await aWorld(() => json({ tags: [] }, { date }), {
    deps: { onMeasured: (aheadMs) => measured.push(aheadMs) },
  });
  expect(store.stamp()).toBe(Date.parse('2026-01-01T00:00:00Z'));
  await image().tags();
  expect(store.stamp()).toBe(Date.parse(date) + 500);
  expect(measured).toEqual([-1_200_500]);
});

it('neither a cached answer nor one of another server tells the time', async () => {
  const elsewhere = await startScriptedRegistry(() => json({ tags: [] }, { date }));
  onTestFinished(() => elsewhere.stop());
  const { store, image } = await aWorld(({ path }) =>
    path.startsWith('/v2/a/b/')
      ? { status: 307, headers: { location: `http://${elsewhere.host}/`, date, age: '3600' } }
      : { status: 200 },
  );
  await image().tags();
  expect(store.stamp()).toBe(Date.parse('2026-01-01T00:00:00Z'));
});
