import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { GivenSettings } from '../../src/config/settings.ts';
import { readConfig } from '../../src/config/config.ts';
import { createGateway } from '../../src/gateway/gateway.ts';
import { aLog, keyFixture } from './signing-keys.ts';
import { htpasswdOf } from './registry.ts';
import { makeTempDir } from './temp-dir.ts';

export interface TestGatewayOptions {
  /** The embedded store in a folder of its own, or a registry by `host:port`. Default: `directory`. */
  readonly store?: 'directory' | { readonly registry: string };
  /** Further settings as lkard's flags have them, without dashes: `{ domain: 'example.org', image: 'user/image' }`. */
  readonly settings?: GivenSettings;
}

export interface TestGateway {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly log: ReturnType<typeof aLog>;
  stop(): Promise<void>;
}

/** Starts a whole gateway in this process, on a port of its own, with a signing key of the fixtures. */
export async function startGateway({ store = 'directory', settings }: TestGatewayOptions = {}): Promise<TestGateway> {
  const folder = await makeTempDir();
  const log = aLog();
  const flags = {
    addr: '127.0.0.1:0',
    data: path.join(folder.path, 'data'),
    'drain-timeout': '1s',
    // Tests are refused from one address more often than anybody else.
    'max-refusals': '0',
    'signing-key': [keyFixture('test-only-2048.rsa')],
    ...(store !== 'directory' && { backend: store.registry, 'no-https': true as const }),
    ...settings,
  };
  const gateway = await createGateway(readConfig(flags, {}), { log });
  const { url } = await gateway.start();
  const stop = async () => {
    await gateway.stop();
    await folder.remove();
  };
  return { url, log, stop };
}

/** The same on an embedded store that everybody reads, with these users (name to password), who push. */
export async function startGatewayWithUsers(
  users: Readonly<Record<string, string>>,
  settings: GivenSettings = {},
): Promise<TestGateway> {
  const folder = await makeTempDir();
  const htpasswd = path.join(folder.path, 'users');
  await writeFile(htpasswd, await htpasswdOf(users));
  const gateway = await startGateway({ settings: { htpasswd, 'public-read': true, ...settings } });
  const stop = async () => {
    await gateway.stop();
    await folder.remove();
  };
  return { ...gateway, stop };
}
