import { parseAllDocuments } from 'yaml';

/** A container of a pod, as far as tests look. */
export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly command?: readonly string[];
  readonly restartPolicy?: string;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly envFrom?: readonly { readonly configMapRef: { readonly name: string } }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[];
  readonly resources?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly securityContext?: SecurityContext;
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
}

export interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string | number };
  readonly exec?: { readonly command: readonly string[] };
}

interface SecurityContext {
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
  readonly privileged?: boolean;
  readonly readOnlyRootFilesystem?: boolean;
  readonly allowPrivilegeEscalation?: boolean;
  readonly capabilities?: { readonly drop?: readonly string[]; readonly add?: readonly string[] };
  readonly seccompProfile?: { readonly type: string };
}

export interface Volume {
  readonly name: string;
  readonly emptyDir?: object;
  readonly hostPath?: object;
  readonly secret?: {
    readonly secretName: string;
    readonly items?: readonly { readonly key: string; readonly path: string }[];
  };
  readonly configMap?: { readonly name: string };
}

export interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly Volume[];
  readonly serviceAccountName?: string;
  readonly automountServiceAccountToken?: boolean;
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly hostIPC?: boolean;
  readonly terminationGracePeriodSeconds?: number;
  readonly topologySpreadConstraints?: readonly { readonly labelSelector: Selector }[];
}

export type Labels = Readonly<Record<string, string>>;

export interface Selector {
  readonly matchLabels: Labels;
}

/** An object of Kubernetes; what is in `spec` depends on its kind. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Labels;
    readonly annotations?: Labels;
  };
  readonly spec: Readonly<Record<string, unknown>>;
  readonly data?: Readonly<Record<string, string>>;
}

/** All objects of a text with several documents; throws where it isn't YAML, twice the same key included. */
export function parseManifests(text: string): readonly Manifest[] {
  return parseAllDocuments(text).flatMap((document) => {
    const [fault] = document.errors;
    if (fault !== undefined) throw fault;
    const value = document.toJS() as Manifest | null;
    return value === null ? [] : [value];
  });
}

/** The pod that an object makes, and its labels. */
export function podOf({
  kind,
  spec,
}: Pick<Manifest, 'kind' | 'spec'>): { readonly labels: Labels; readonly spec: PodSpec } | undefined {
  if (kind === 'CronJob') return podOf({ kind: 'Job', ...(spec['jobTemplate'] as Pick<Manifest, 'spec'>) });
  if (kind !== 'Deployment' && kind !== 'Job') return undefined;
  const { template } = spec as { template: { metadata: { labels: Labels }; spec: PodSpec } };
  return { labels: template.metadata.labels, spec: template.spec };
}

/** The containers of a pod that run lkard, beside others or alone. */
export function lkardContainersOf({ containers, initContainers = [] }: PodSpec): readonly Container[] {
  return [...initContainers, ...containers].filter(({ name }) => name === 'lkard');
}

/** The variables that a container gets, those of ConfigMaps among the objects included. */
export function environmentOf(container: Container, objects: readonly Manifest[]): Readonly<Record<string, string>> {
  const maps = (container.envFrom ?? []).map(({ configMapRef: { name } }) => {
    const map = objects.find((object) => object.kind === 'ConfigMap' && object.metadata.name === name);
    return map?.data ?? {};
  });
  const own = (container.env ?? []).map(({ name, value = '' }) => [name, value]);
  return Object.assign({}, ...maps, Object.fromEntries(own)) as Record<string, string>;
}
