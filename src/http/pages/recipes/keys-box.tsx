import { createHash } from 'node:crypto';
import type { PublicKey } from '../../../repository/service/reading.ts';
import { CopyText } from './copy-text.tsx';

/** The keys that sign the indexes, and what to compare them by. */
export function KeysBox({ keys }: { readonly keys: readonly PublicKey[] }) {
  return (
    <section class="card" aria-labelledby="keys">
      <h2 id="keys">Signing keys</h2>
      {keys.length === 0 && <p>None yet: the first package makes one.</p>}
      {keys.map((key, i) => (
        <details>
          <summary>{key.fileName}</summary>
          <CopyText id={`key-${i}`} label={key.fileName} text={key.pem.trimEnd()} />
          <p class="note">{describeKey(key)}, SHA-256 of the key as DER:</p>
          <p class="fingerprint">
            <code>{fingerprintOf(key)}</code>
          </p>
        </details>
      ))}
    </section>
  );
}

/** The SHA-256 of the key, in pairs of hex digits: what `openssl pkey -pubin -outform DER | sha256sum` gives. */
export function fingerprintOf({ key }: Pick<PublicKey, 'key'>): string {
  const hex = createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');
  return hex.replace(/(..)(?!$)/g, '$1:');
}

function describeKey({ key }: PublicKey): string {
  const bits = key.asymmetricKeyDetails?.modulusLength;
  return `${(key.asymmetricKeyType ?? 'key').toUpperCase()}${bits === undefined ? '' : ` of ${bits} bits`}`;
}
