import { isGatewayError } from '../../../errors.ts';
import type { RegistryClient } from './registry-client.ts';

/** So often something is asked for in all whose answer isn't what it says it is. */
const maxAttempts = 3;

/**
 * Asks again where an answer is damaged: not of the digest that was asked for, or no document at all. A line or a proxy between
 * may have done that, and does it rarely twice. Throws the last DIGEST_MISMATCH or STORE_ANSWER_INVALID, and any other fault
 * at once.
 */
export async function untilIntact<T>(
  client: Pick<RegistryClient, 'pause'>,
  ask: () => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      const isDamaged =
        isGatewayError(error, 'DIGEST_MISMATCH') ||
        (isGatewayError(error, 'STORE_ANSWER_INVALID') && error.details['isDamaged'] === true);
      if (!isDamaged || attempt === maxAttempts) throw error;
      await client.pause(attempt, error, signal);
    }
  }
}
