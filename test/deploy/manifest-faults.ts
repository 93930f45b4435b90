import {
  lkardContainersOf,
  podOf,
  type Container,
  type Labels,
  type Manifest,
  type PodSpec,
  type Probe,
  type Selector,
} from './manifests.ts';

export interface FaultOptions {
  /** Secrets and ConfigMaps that the operator makes, as `Secret/name`. */
  readonly given?: readonly string[];
}

const apiVersions: Readonly<Record<string, string>> = {
  ConfigMap: 'v1',
  Deployment: 'apps/v1',
  CronJob: 'batch/v1',
  HTTPRoute: 'gateway.networking.k8s.io/v1',
  HorizontalPodAutoscaler: 'autoscaling/v2',
  Ingress: 'networking.k8s.io/v1',
  Job: 'batch/v1',
  NetworkPolicy: 'networking.k8s.io/v1',
  PodDisruptionBudget: 'policy/v1',
  Secret: 'v1',
  Service: 'v1',
  ServiceAccount: 'v1',
  ServiceMonitor: 'monitoring.coreos.com/v1',
};
const withoutSpec = new Set(['ConfigMap', 'Secret', 'ServiceAccount']);
const probePaths = new Set(['/healthz', '/readyz']);

/** What is wrong with objects that are applied together, a line a fault: unknown kinds, references into nothing, rights beyond need. */
export function faultsOf(objects: readonly Manifest[], { given = [] }: FaultOptions = {}): readonly string[] {
  const names = new Set([...objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`), ...given]);
  return objects.flatMap((object) => {
    const pod = podOf(object);
    const faults = [
      ...shapeFaults(object),
      ...referenceFaults(object, objects, names),
      ...(pod === undefined ? [] : podFaults(pod.spec, names)),
    ];
    return faults.map((fault) => `${object.kind}/${object.metadata.name}: ${fault}`);
  });
}

function shapeFaults({ apiVersion, kind, metadata, spec }: Manifest): readonly string[] {
  const isNamed = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(metadata.name);
  const labels = Object.values(metadata.labels ?? {});
  return [
    ...faultIf(apiVersions[kind] !== apiVersion, `unknown ${apiVersion} ${kind}`),
    ...faultIf(!isNamed, 'no name for an object'),
    ...faultIf(!withoutSpec.has(kind) && typeof spec !== 'object', 'no spec'),
    ...labels.flatMap((value) =>
      faultIf(!/^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/.test(value), `label ${value}`),
    ),
  ];
}

function referenceFaults(
  object: Manifest,
  objects: readonly Manifest[],
  names: ReadonlySet<string>,
): readonly string[] {
  const services = serviceNamesOf(object).map((name) => `Service/${name}`);
  const { scaleTargetRef } = (object.spec as { scaleTargetRef?: { kind: string; name: string } } | undefined) ?? {};
  const wanted = [...services, ...(scaleTargetRef ? [`${scaleTargetRef.kind}/${scaleTargetRef.name}`] : [])];
  return [
    ...wanted.flatMap((name) => faultIf(!names.has(name), `there is no ${name}`)),
    ...selectorsOf(object).flatMap((labels) =>
      faultIf(!selectsLkard(labels, objects), `selects no gateway: ${JSON.stringify(labels)}`),
    ),
    ...portFaults(object, objects),
  ];
}

function serviceNamesOf({ kind, spec }: Manifest): readonly string[] {
  if (kind === 'Ingress') {
    const { rules } = spec as { rules: { http: { paths: { backend: { service: { name: string } } }[] } }[] };
    return rules.flatMap(({ http }) => http.paths.map(({ backend }) => backend.service.name));
  }
  if (kind !== 'HTTPRoute') return [];
  const { rules } = spec as { rules: { backendRefs: { name: string }[] }[] };
  return rules.flatMap(({ backendRefs }) => backendRefs.map(({ name }) => name));
}

function selectorsOf(object: Manifest): readonly Labels[] {
  const { selector, podSelector } = (object.spec as { selector?: unknown; podSelector?: Selector } | undefined) ?? {};
  const spread = podOf(object)?.spec.topologySpreadConstraints ?? [];
  const own =
    selector === undefined
      ? []
      : [object.kind === 'Service' ? (selector as Labels) : (selector as Selector).matchLabels];
  return [
    ...own,
    ...(podSelector ? [podSelector.matchLabels] : []),
    ...spread.map(({ labelSelector }) => labelSelector.matchLabels),
  ];
}

/** A selector must fit the gateway's pods and, since builds have a gateway beside them too, no others. */
function selectsLkard(wanted: Labels, objects: readonly Manifest[]): boolean {
  const fitting = objects.filter((object) => {
    const labels = podOf(object)?.labels;
    return labels !== undefined && Object.entries(wanted).every(([name, value]) => labels[name] === value);
  });
  return fitting.length === 1 && fitting[0]?.kind === 'Deployment';
}

function portFaults({ kind, spec }: Manifest, objects: readonly Manifest[]): readonly string[] {
  const deployments = objects.flatMap((object) => (object.kind === 'Deployment' ? [podOf(object)] : []));
  const containerPorts = deployments
    .flatMap((pod) => pod?.spec.containers ?? [])
    .flatMap(({ ports = [] }) => ports.map(({ name }) => name));
  const service = objects.find((object) => object.kind === 'Service');
  const servicePorts =
    (service?.spec as { ports: { name: string; port: number; targetPort: string }[] } | undefined)?.ports ?? [];
  if (kind === 'Service')
    return servicePorts.flatMap(({ targetPort }) =>
      faultIf(!containerPorts.includes(targetPort), `port ${targetPort}`),
    );
  if (kind === 'Ingress') {
    const { rules } = spec as { rules: { http: { paths: { backend: { service: { port: { name: string } } } }[] } }[] };
    const wanted = rules.flatMap(({ http }) => http.paths.map(({ backend }) => backend.service.port.name));
    return wanted.flatMap((name) => faultIf(!servicePorts.some((port) => port.name === name), `port ${name}`));
  }
  if (kind === 'HTTPRoute') {
    const { rules } = spec as { rules: { backendRefs: { port: number }[] }[] };
    const wanted = rules.flatMap(({ backendRefs }) => backendRefs.map(({ port }) => port));
    return wanted.flatMap((number) => faultIf(!servicePorts.some(({ port }) => port === number), `port ${number}`));
  }
  if (kind !== 'NetworkPolicy') return [];
  const { ingress } = spec as { ingress: { ports: { port: string }[] }[] };
  return ingress
    .flatMap(({ ports }) => ports)
    .flatMap(({ port }) => faultIf(!containerPorts.includes(port), `port ${port}`));
}

function podFaults(pod: PodSpec, names: ReadonlySet<string>): readonly string[] {
  const { volumes = [], serviceAccountName: account } = pod;
  const referenced = volumes.flatMap(({ secret, configMap }) => [
    ...(secret ? [`Secret/${secret.secretName}`] : []),
    ...(configMap ? [`ConfigMap/${configMap.name}`] : []),
  ]);
  const all = [...(pod.initContainers ?? []), ...pod.containers];
  const maps = all.flatMap(({ envFrom = [] }) => envFrom.map(({ configMapRef }) => `ConfigMap/${configMapRef.name}`));
  return [
    ...[...referenced, ...maps].flatMap((name) => faultIf(!names.has(name), `there is no ${name}`)),
    ...faultIf(account !== undefined && !names.has(`ServiceAccount/${account}`), `there is no account ${account}`),
    ...faultIf(pod.automountServiceAccountToken !== false, 'has a token of Kubernetes'),
    ...faultIf(Boolean(pod.hostNetwork ?? pod.hostPID ?? pod.hostIPC), "uses the node's own namespaces"),
    ...volumes.flatMap(({ name, hostPath }) =>
      faultIf(hostPath !== undefined, `volume ${name} is a folder of the node`),
    ),
    ...volumes.flatMap(({ name }) =>
      faultIf(
        !all.some(({ volumeMounts = [] }) => volumeMounts.some((mount) => mount.name === name)),
        `nobody mounts ${name}`,
      ),
    ),
    ...all.flatMap((container) => mountFaults(container, pod)),
    ...all.flatMap(({ name, securityContext }) =>
      faultIf(
        securityContext?.privileged === true ||
          securityContext?.allowPrivilegeEscalation !== false ||
          !securityContext.capabilities?.drop?.includes('ALL'),
        `${name} has rights beyond need`,
      ),
    ),
    ...lkardContainersOf(pod).flatMap((container) => lkardFaults(container, pod)),
  ];
}

function mountFaults({ name, volumeMounts = [] }: Container, { volumes = [] }: PodSpec): readonly string[] {
  return volumeMounts.flatMap((mount) =>
    faultIf(!volumes.some((volume) => volume.name === mount.name), `${name} mounts ${mount.name}`),
  );
}

/** The restricted Pod Security Standard, a root that can't be written, and probes at paths that lkard has. */
function lkardFaults(container: Container, pod: PodSpec): readonly string[] {
  const { securityContext: context = {}, resources = {}, volumeMounts = [], args = [] } = container;
  const isRestricted =
    context.runAsNonRoot === true &&
    (context.runAsUser ?? 0) > 0 &&
    context.readOnlyRootFilesystem === true &&
    context.seccompProfile?.type === 'RuntimeDefault' &&
    context.capabilities?.add === undefined;
  const isMounted = (file: string) => volumeMounts.some(({ mountPath }) => file.startsWith(`${mountPath}/`));
  const files = args.flatMap((arg) => /^--[a-z-]+=(\/.+\/.+)$/.exec(arg)?.[1] ?? []);
  const probes = [container.startupProbe, container.livenessProbe, container.readinessProbe];
  const isSidecar = pod.initContainers?.includes(container) ?? false;
  return [
    ...faultIf(!isRestricted, 'lkard is not restricted'),
    ...faultIf(!resources['requests']?.['memory'] || !resources['limits']?.['memory'], 'lkard has no bounds of memory'),
    ...faultIf(!volumeMounts.some(({ mountPath }) => mountPath === '/tmp'), 'lkard has no folder for uploads'),
    ...files.flatMap((file) => faultIf(!isMounted(file), `${file} is not mounted`)),
    ...faultIf(isSidecar && container.restartPolicy !== 'Always', 'the sidecar would end before the build begins'),
    ...faultIf(isSidecar && !args.includes('--addr=127.0.0.1:9887'), 'others can reach the sidecar'),
    ...probes.flatMap((probe, at) => (isSidecar && at > 0 ? [] : probeFaults(probe, container))),
  ];
}

function probeFaults(probe: Probe | undefined, { ports = [] }: Container): readonly string[] {
  const { httpGet, exec } = probe ?? {};
  if (exec !== undefined) {
    const [program, file, url = ''] = exec.command;
    return faultIf(
      program !== 'node' || file !== '/opt/lkard/healthcheck.mjs' || !probePaths.has(new URL(url).pathname),
      'probe',
    );
  }
  return faultIf(
    httpGet === undefined || !probePaths.has(httpGet.path) || !ports.some(({ name }) => name === httpGet.port),
    'probe',
  );
}

function faultIf(isFault: boolean, text: string): readonly string[] {
  return isFault ? [text] : [];
}
