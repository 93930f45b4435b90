import { readFile, stat } from 'node:fs/promises';
import type { Config } from '../config/config.ts';
import { GatewayError } from '../errors.ts';
import type { ListenOptions } from '../http/listen.ts';
import type { Log } from '../ports.ts';

type TlsFiles = NonNullable<Config['tls']>;
type Tls = NonNullable<ListenOptions['tls']>;

const lookAgainMs = 10_000;

/** A text file that a flag names. Throws CONFIG_INVALID, naming the flag, where it can't be read. */
export async function readPem(file: string, flag: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw new GatewayError('CONFIG_INVALID', `${flag} ${file} can't be read`, { cause });
  });
}

/** Certificate and key as they are now. Throws CONFIG_INVALID where one can't be read. */
export async function readTls({ certFile, keyFile }: TlsFiles): Promise<Tls> {
  return { certificate: await readPem(certFile, '--tls-cert'), key: await readPem(keyFile, '--tls-key') };
}

/**
 * Hands in certificate and key anew when their files change, as cert-manager and certbot change them; looks every ten
 * seconds. What can't be used is logged, and the old ones go on. Returns what ends it.
 */
export function watchTls(files: TlsFiles, renew: (tls: Tls) => void, log: Log): () => void {
  let seen = versionOf(files);
  const look = async (): Promise<void> => {
    const now = await versionOf(files);
    if (now === (await seen)) return;
    seen = Promise.resolve(now);
    renew(await readTls(files));
    log.info({ file: files.certFile }, 'TLS certificate read again');
  };
  const timer = setInterval(() => {
    look().catch((error: unknown) => {
      log.error({ err: error }, 'the TLS certificate changed and can no longer be used; the old one goes on');
    });
  }, lookAgainMs);
  timer.unref();
  return () => {
    clearInterval(timer);
  };
}

async function versionOf({ certFile, keyFile }: TlsFiles): Promise<string> {
  const stats = await Promise.all([certFile, keyFile].map((file) => stat(file).catch(() => undefined)));
  return stats.map((found) => (found === undefined ? '-' : `${found.mtimeMs} ${found.size} ${found.ino}`)).join(' ');
}
