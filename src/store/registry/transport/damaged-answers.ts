import { isGatewayError, type GatewayError } from '../../../errors.ts';
import type { RegistryClient } from './registry-client.ts';

/** So often something is asked for in all whose answer isn't what it says it is. */
const maxAttempts = 3;

/**
 * Asks again where an answer is damaged: not of the digest that was asked for, no document at all, or a 404 that proves
 * nothing. A line or a proxy between may have done that, and does it rarely twice. Throws the last such fault, and any other
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
      if (!isGatewayError(error) || !mayBeDamaged(error) || attempt === maxAttempts) throw error;
      await client.pause(attempt, error, signal);
    }
  }
}

function mayBeDamaged({ code, details }: GatewayError): boolean {
  if (code === 'DIGEST_MISMATCH') return true;
  return details['isDamaged'] === true || details['bare404'] === true || details['isContradiction'] === true;
}
