import type { Config } from '../config/config.ts';
import { readNamedFile } from '../files/text-file.ts';
import { createWatchedFile, fileVersions } from '../files/watched-file.ts';
import type { ListenOptions } from '../http/listen.ts';
import type { Log } from '../ports.ts';
import { monotonicMs } from '../time/monotonic.ts';

type TlsFiles = NonNullable<Config['tls']>;
type Tls = NonNullable<ListenOptions['tls']>;

const lookAgainMs = 10_000;

/** Certificate and key as they are now. Throws CONFIG_INVALID where one can't be read. */
export async function readTls({ certFile, keyFile }: TlsFiles): Promise<Tls> {
  return { certificate: await readNamedFile(certFile, '--tls-cert'), key: await readNamedFile(keyFile, '--tls-key') };
}

/**
 * Hands in certificate and key again when their files change, as cert-manager and certbot change them; looks every ten
 * seconds. What can't be used is logged, and the old ones go on. Returns what ends it.
 */
export function watchTls(files: TlsFiles, renew: (tls: Tls) => void, log: Log): () => void {
  const watched = createWatchedFile(
    { monotonicMs },
    {
      version: () => fileVersions(files.certFile, files.keyFile),
      load: async (before: Tls | undefined) => {
        const tls = await readTls(files);
        if (before !== undefined) renew(tls);
        return tls;
      },
      lookAgainMs: 0,
      onChange: () => {
        log.info({ file: files.certFile }, 'TLS certificate read again');
      },
      onFault: (err) => {
        log.error({ err }, 'the TLS certificate changed and can no longer be used; the old one goes on');
      },
    },
  );
  watched.known();
  const timer = setInterval(() => watched.known(), lookAgainMs);
  timer.unref();
  return () => {
    clearInterval(timer);
  };
}
