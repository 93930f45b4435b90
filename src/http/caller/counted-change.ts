import { isGatewayError } from '../../errors.ts';
import type { Meter } from '../../ports.ts';
import { statusOf } from '../answer/error-response.ts';

/** What `work` gives; the meter learns what came of each package, or that it was refused or failed. */
export async function countedChange<T>(
  meter: Meter | undefined,
  verb: string,
  work: () => Promise<T>,
  outcomesOf: (result: T) => readonly string[],
): Promise<T> {
  try {
    const result = await work();
    for (const outcome of outcomesOf(result)) meter?.changed(verb, outcome);
    return result;
  } catch (error) {
    const isRefusal = isGatewayError(error) && statusOf(error, { isAnonymous: false }) < 500;
    meter?.changed(verb, isRefusal ? 'refused' : 'failed');
    throw error;
  }
}
