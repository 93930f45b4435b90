import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Log } from '../../src/ports.ts';

/** A key file of the fixtures; the passphrase of those that are encrypted is `test-only`. */
export function keyFixture(name: string): string {
  return new URL(`../fixtures/keys/${name}`, import.meta.url).pathname;
}

/** A private key of the fixtures: making one takes seconds. */
export function aPrivateKey(name = 'test-only-2048.rsa'): KeyObject {
  return createPrivateKey(readFileSync(keyFixture(name)));
}

/** A log that keeps its lines. */
export function aLog(): Log & { readonly lines: { level: string; fields: object; message: string }[] } {
  const lines: { level: string; fields: object; message: string }[] = [];
  const at = (level: string) => (fields: object, message: string) => void lines.push({ level, fields, message });
  const audit = (fields: object, message: string) => {
    at('info')({ audit: true, ...fields }, message);
  };
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), audit };
}
