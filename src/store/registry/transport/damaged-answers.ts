import { isGatewayError, type GatewayError } from '../../../errors.ts';

/** So often something is asked for in all whose answer isn't what it says it is. */
const maxAttempts = 3;

/**
 * Asks again where an answer is damaged: not of the digest that was asked for, no document at all, or a 404 that proves
 * nothing. A line or a proxy between may have done that, and does it rarely twice. Throws the last such fault, and any other
 * at once.
 */
export async function untilIntact<T>(
  session: { readonly pause: (attempt: number, fault: GatewayError) => Promise<void> },
  ask: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      if (!isGatewayError(error) || !mayBeDamaged(error) || attempt === maxAttempts) throw error;
      await session.pause(attempt, error);
    }
  }
}

function mayBeDamaged({ code, details }: GatewayError): boolean {
  if (code === 'DIGEST_MISMATCH') return true;
  return details['isDamaged'] === true || details['bare404'] === true || details['isContradiction'] === true;
}
