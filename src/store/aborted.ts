import { GatewayError } from '../errors.ts';

/** ABORTED, because the caller's signal fired. */
export function abortedFault(signal: AbortSignal): GatewayError {
  return new GatewayError('ABORTED', 'the call was ended by its caller', { cause: signal.reason });
}

/** Throws ABORTED where the caller's signal has fired. */
export function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw abortedFault(signal);
}
