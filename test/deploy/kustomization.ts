import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { parseManifests, type Manifest } from './manifests.ts';

interface Kustomization {
  readonly resources?: readonly string[];
  readonly namespace?: string;
  readonly configMapGenerator?: readonly {
    readonly name: string;
    readonly behavior?: string;
    readonly literals: readonly string[];
  }[];
  readonly patches?: readonly { readonly path: string }[];
  readonly images?: readonly { readonly name: string; readonly newTag: string }[];
  readonly labels?: readonly unknown[];
}

const known = new Set([
  'apiVersion',
  'kind',
  'resources',
  'namespace',
  'configMapGenerator',
  'patches',
  'images',
  'labels',
]);

/**
 * The objects of a kustomization, as far as ours go: resources, literals of ConfigMaps (without the hash in their names), and
 * strategic merges. Throws on what it doesn't know.
 */
export function buildKustomization(folder: string): readonly Manifest[] {
  const kustomization = parse(readFileSync(path.join(folder, 'kustomization.yaml'), 'utf8')) as Kustomization;
  const unknown = Object.keys(kustomization).filter((name) => !known.has(name));
  if (unknown.length > 0) throw new Error(`${folder}: what is ${unknown.join(', ')}?`);
  const resources = (kustomization.resources ?? []).flatMap((name) => resourcesOf(path.join(folder, name)));
  const patches = (kustomization.patches ?? []).flatMap((patch) => resourcesOf(path.join(folder, patch.path)));
  const patched = patches.reduce(patch, withConfigMaps(resources, kustomization));
  const { namespace } = kustomization;
  if (namespace === undefined) return patched;
  return patched.map((object) => ({ ...object, metadata: { ...object.metadata, namespace } }));
}

function resourcesOf(place: string): readonly Manifest[] {
  return place.endsWith('.yaml') ? parseManifests(readFileSync(place, 'utf8')) : buildKustomization(place);
}

function withConfigMaps(objects: readonly Manifest[], { configMapGenerator = [] }: Kustomization): readonly Manifest[] {
  return configMapGenerator.reduce((before: readonly Manifest[], { name, behavior, literals }) => {
    const there = before.find((object) => object.kind === 'ConfigMap' && object.metadata.name === name);
    if ((there !== undefined) !== (behavior === 'merge')) throw new Error(`ConfigMap ${name}: ${behavior ?? 'create'}`);
    const pairs = literals.map((literal) => [
      literal.slice(0, literal.indexOf('=')),
      literal.slice(literal.indexOf('=') + 1),
    ]);
    const data = { ...there?.data, ...(Object.fromEntries(pairs) as Record<string, string>) };
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, spec: {}, data };
    return [...before.filter((object) => object !== there), map];
  }, objects);
}

function patch(objects: readonly Manifest[], change: Manifest): readonly Manifest[] {
  const at = objects.findIndex(({ kind, metadata }) => kind === change.kind && metadata.name === change.metadata.name);
  const object = objects[at];
  if (object === undefined) throw new Error(`nothing to patch: ${change.kind} ${change.metadata.name}`);
  return objects.with(at, merged(object, change) as Manifest);
}

/** A strategic merge, with `name` (of mounts: `mountPath`) as what tells the items of a list apart. */
function merged(before: unknown, change: unknown): unknown {
  if (Array.isArray(before) && Array.isArray(change)) return change.reduce<readonly unknown[]>(mergeItem, before);
  if (!isRecord(before) || !isRecord(change)) return change;
  const values = Object.entries(change).map(([name, value]) => [name, merged(before[name], value)]);
  return { ...before, ...(Object.fromEntries(values) as Record<string, unknown>) };
}

function mergeItem(items: readonly unknown[], change: unknown): readonly unknown[] {
  const key = keyOf(change);
  const at = key === undefined ? -1 : items.findIndex((item) => keyOf(item) === key);
  return at === -1 ? [...items, change] : items.with(at, merged(items[at], change));
}

function keyOf(item: unknown): unknown {
  return isRecord(item) ? (item['mountPath'] ?? item['name']) : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
