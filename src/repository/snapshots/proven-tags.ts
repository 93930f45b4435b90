import { GatewayError } from '../../errors.ts';
import type { Clock } from '../../ports.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';

/** So often a registry is asked that shows a tag a moment after it took it. */
const maxLooks = 6;
const lookAgainMs = 100;

/** Resolves once the registry shows tags that it took: an answer 201 is no proof. Throws STORE_UNAVAILABLE where it doesn't. */
export async function proveThere(
  clock: Pick<Clock, 'sleep'>,
  image: ImageStore,
  tags: readonly string[],
  call: CallOptions,
): Promise<void> {
  for (let look = 1; ; look += 1) {
    const found = await Promise.all(tags.map((tag) => image.resolve(tag, call)));
    if (!found.includes(undefined)) return;
    if (look === maxLooks) break;
    await clock.sleep(lookAgainMs * look, call.signal);
  }
  throw new GatewayError('STORE_UNAVAILABLE', `${image.image} took a tag of a snapshot and does not show it`);
}
