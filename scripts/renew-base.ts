// Writes into deploy/Containerfile the digest that the tag of its base names by now; with --check it only says whether that is another.
import { promises as dns } from 'node:dns';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createRegistryStore } from '../src/store/registry/registry-store.ts';
import { monotonicMs } from '../src/time/monotonic.ts';

const usual = path.join(import.meta.dirname, '..', 'deploy', 'Containerfile');
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { check: { type: 'boolean', default: false }, http: { type: 'boolean', default: false } },
});
const file = positionals[0] ?? usual;
const base = /^ARG BASE=(?<host>[^/]+)\/(?<image>[^:@]+):(?<tag>[^@\s]+)@(?<digest>\S+)$/m;

const text = await readFile(file, 'utf8');
const { host = '', image = '', tag = '', digest: old = '' } = base.exec(text)?.groups ?? {};
const digest = await digestOf(host, image, tag);
if (digest === old) {
  process.stdout.write(`${host}/${image}:${tag} is still ${digest}\n`);
} else if (values.check) {
  process.stderr.write(`${host}/${image}:${tag} is ${digest} by now: npm run renew-base\n`);
  process.exitCode = 1;
} else {
  await writeFile(file, text.replaceAll(old, digest));
  process.stdout.write(`${host}/${image}:${tag} is ${digest} now, and was ${old}\n`);
}

async function digestOf(host: string, image: string, tag: string): Promise<string> {
  const store = createRegistryStore(
    {
      ...{ now: Date.now, monotonicMs, random: Math.random },
      sleep: (ms, signal) => sleep(ms, undefined, { signal }),
      resolveName: (hostname) => dns.lookup(hostname, { all: true }),
      gatewayCredentials: { find: () => Promise.resolve({ kind: 'anonymous' }) },
    },
    { host, plainHttp: values.http },
  );
  try {
    const found = await store.image(image, { kind: 'gateway' }).resolve(tag);
    if (found === undefined) throw new Error(`${host} has no ${image}:${tag}`);
    return found.digest;
  } finally {
    await store.close();
  }
}
