import { createHmac } from 'node:crypto';
import { oncePerObject } from '../../concurrency/once-per-object.ts';
import type { RandomBytes } from '../../ports.ts';
import type { Credentials } from '../../store/store.ts';

/**
 * A name for a caller's credentials to key memory by: the same for the same credentials, and of no use to anybody who reads the
 * process's memory of keys, since it is made under a secret of this process.
 */
export function createCallerKeys(random: RandomBytes): (credentials: Credentials) => string {
  const secret = random(32);
  // By the object, and no longer than that lives: one connection's requests share it (http/caller/connection-callers.ts).
  const nameOnce = oncePerObject((credentials: Credentials) =>
    createHmac('sha256', secret).update(JSON.stringify(credentials)).digest('base64url'),
  );
  return (credentials) => {
    if (credentials.kind === 'anonymous' || credentials.kind === 'gateway') return credentials.kind;
    return nameOnce(credentials);
  };
}
