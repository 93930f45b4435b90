import { GatewayError, isGatewayError } from '../errors.ts';

/** ABORTED, because the caller's signal fired; where it fired because the store was late, the fault that says so. */
export function abortedFault(signal: AbortSignal): GatewayError {
  const reason: unknown = signal.reason;
  if (isGatewayError(reason, 'STORE_UNAVAILABLE') && reason.details['isLate'] === true) return reason;
  return new GatewayError('ABORTED', 'the call was ended by its caller', { cause: reason });
}

/** Throws ABORTED where the caller's signal has fired. */
export function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw abortedFault(signal);
}

/** The outcome of what can't be ended, for as long as the signal lets anybody wait for it; then ABORTED. */
export async function untilAborted<T>(shared: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return shared;
  return new Promise((resolve, reject) => {
    const leave = () => {
      reject(abortedFault(signal));
    };
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, { once: true });
    const settled = () => {
      signal.removeEventListener('abort', leave);
    };
    shared.finally(settled).then(resolve, reject);
  });
}
