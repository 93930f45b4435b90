import type { Given } from './given.ts';
import { isLoopback, type ListenAddress } from './values.ts';

/** What is right by itself and wrong together, a sentence a fault. `listen` is where the gateway will listen. */
export function contradictionsOf(given: Given, listen: ListenAddress): readonly string[] {
  const isReachable = !isLoopback(listen.host);
  const isEmbedded = given.backend === undefined;
  const isOpen = given['insecure-open'];
  const rules: readonly (readonly [boolean, string])[] = [
    [(given['tls-cert'] === undefined) !== (given['tls-key'] === undefined), '--tls-cert and --tls-key go together'],
    [
      given['key-passphrase'] !== undefined && given['key-passphrase-file'] !== undefined,
      '--key-passphrase and --key-passphrase-file exclude each other',
    ],
    [
      isEmbedded && isReachable && given.htpasswd === undefined && !isOpen,
      '--addr: others can reach this address and the embedded store asks nobody who they are; give --htpasswd or --insecure-open',
    ],
    [
      !isEmbedded && given.htpasswd !== undefined,
      '--htpasswd is for the embedded store; with --backend the registry judges',
    ],
    [given.htpasswd === undefined && given['htpasswd-writers'].length > 0, '--htpasswd-writers needs --htpasswd'],
    [
      given.htpasswd === undefined && given['public-read'],
      '--public-read needs --htpasswd: without users everybody reads already, and pushes too',
    ],
    [isEmbedded && given['anonymous-as-gateway'] !== undefined, '--anonymous-as-gateway needs --backend'],
    [
      given['anonymous-as-gateway'] === 'write' && isReachable && !isOpen,
      '--anonymous-as-gateway=write: others can reach this address and would push without credentials; give --insecure-open too',
    ],
  ];
  return rules.flatMap(([isBroken, text]) => (isBroken ? [text] : []));
}
