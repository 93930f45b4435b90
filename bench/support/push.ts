import { createHash } from 'node:crypto';
import { FormData, request } from 'undici';
import { anApk } from '../../test/support/an-apk.ts';

/** One push of some packages, as curl would do it; throws unless it was accepted. */
export async function push(base: string, ...packages: readonly Buffer[]): Promise<void> {
  const [first] = packages;
  const body = packages.length === 1 && first !== undefined ? first : formOf(packages);
  const answer = await request(`${base}/push`, { method: 'PUT', body, headersTimeout: 600_000 });
  const text = await answer.body.text();
  if (answer.statusCode !== 201) throw new Error(`a push was answered ${answer.statusCode}: ${text}`);
}

/** A small package that is unlike any other of another name. */
export function smallPackage(name: string, arch = 'x86_64'): Buffer {
  return anApk({
    name,
    version: '1.0-r0',
    arch,
    description: `the package ${name}`,
    depends: ['so:libc.musl-x86_64.so.1', 'busybox'],
    files: { [`usr/share/${name}`]: name },
  });
}

/** Fills a repository from `from` up to `to` packages, 250 a push. */
export async function fill(base: string, from: number, to: number): Promise<void> {
  for (let i = from; i < to; i += 250) {
    const names = Array.from({ length: Math.min(250, to - i) }, (_, k) => `fill-${i + k}`);
    await push(base, ...names.map((name) => smallPackage(name)));
  }
}

/** The bare requests that a push can't do without: open an upload, put the blob, put a manifest. */
export async function barePush(registry: string, image: string, tag: string, content: Buffer): Promise<void> {
  const origin = `http://${registry}`;
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  await putBlob(origin, image, digest, content);
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.empty.v1+json', digest: emptyDigest, size: 2 },
    layers: [{ mediaType: 'application/octet-stream', digest, size: content.length }],
  });
  const headers = { 'content-type': 'application/vnd.oci.image.manifest.v1+json' };
  const put = await request(`${origin}/v2/${image}/manifests/${tag}`, { method: 'PUT', body: manifest, headers });
  await put.body.dump();
  if (put.statusCode !== 201) throw new Error(`a manifest was answered ${put.statusCode}`);
}

/** Uploads the empty config, which every manifest names. */
export async function prepareBare(registry: string, image: string): Promise<void> {
  await putBlob(`http://${registry}`, image, emptyDigest, Buffer.from('{}'));
}

const emptyDigest = `sha256:${createHash('sha256').update('{}').digest('hex')}`;

async function putBlob(origin: string, image: string, digest: string, content: Buffer): Promise<void> {
  const opened = await request(`${origin}/v2/${image}/blobs/uploads/`, { method: 'POST' });
  await opened.body.dump();
  const location = new URL(String(opened.headers.location), origin);
  location.searchParams.set('digest', digest);
  const put = await request(location, { method: 'PUT', body: content });
  await put.body.dump();
  if (put.statusCode !== 201) throw new Error(`a blob was answered ${put.statusCode}`);
}

function formOf(packages: readonly Buffer[]): FormData {
  const form = new FormData();
  for (const [i, bytes] of packages.entries()) form.append('file', new Blob([new Uint8Array(bytes)]), `${i}.apk`);
  return form;
}
