import { anApk, type ApkSpec } from '../test/support/an-apk.ts';

/** Where a package of the demonstration goes: the path of a repository below `/apk/`. */
export interface DemoPackage extends ApkSpec {
  readonly place: string;
}

const about = (license: string, url: string, origin: string) => [
  `license = ${license}`,
  `url = ${url}`,
  `origin = ${origin}`,
  'maintainer = Team Platform <platform@example.org>',
];
const weather = about('Apache-2.0', 'https://weather.example.org', 'weatherd');
const tools = about('MIT', 'https://tools.example.org', 'opsctl');

const programs: readonly Omit<DemoPackage, 'arch' | 'version'>[] = [
  {
    ...{ place: 'team/app/edge/main', name: 'weatherd', pkginfo: weather },
    description: 'Serves forecasts over HTTP and keeps a week of them',
    depends: ['weather-libs>=2', 'ca-certificates', 'tzdata', 'so:libssl.so.3'],
    provides: ['cmd:weatherd=2.4.0-r0'],
    dataBytes: 180_000,
  },
  {
    ...{ place: 'team/app/edge/main', name: 'weather-libs', pkginfo: weather },
    description: 'Libraries that weatherd and its tools share',
    provides: ['so:libweather.so.2=2.4.0'],
    dataBytes: 90_000,
  },
  {
    ...{ place: 'team/app/edge/main', name: 'weatherctl', pkginfo: weather },
    description: 'Asks a weatherd for what it knows, on the command line',
    depends: ['so:libweather.so.2', 'opsctl'],
    dataBytes: 30_000,
  },
  {
    ...{ place: 'team/app/edge/main', name: 'opsctl', pkginfo: tools },
    description: 'Deploys, restarts and looks after services',
    depends: ['openssh-client'],
    dataBytes: 400_000,
  },
  {
    ...{ place: 'team/app/edge/debug', name: 'weatherd-dbg', pkginfo: weather },
    description: 'Debugging symbols of weatherd',
    depends: ['weatherd'],
    dataBytes: 900_000,
  },
];

const versions = ['2.1.0-r0', '2.2.0-r0', '2.2.1-r0', '2.3.0-r1', '2.4.0-r0'];

/** A small team's packages: several architectures, branches and versions, dependencies between them. */
export const demoPackages: readonly DemoPackage[] = [
  ...programs.flatMap((one) =>
    versions.slice(one.name === 'weatherd' ? 0 : 3).flatMap((version, i) => {
      const grown = { ...one, version, dataBytes: (one.dataBytes ?? 0) * (1 + i / 8) };
      return ['x86_64', 'aarch64'].map((arch) => ({ ...grown, arch, dataBytes: Math.round(grown.dataBytes) }));
    }),
  ),
  {
    ...{ place: 'team/app/edge/main', name: 'weather-icons', version: '1.9-r0', arch: 'noarch' },
    ...{ description: 'Icons for sun, rain and snow', pkginfo: weather, dataBytes: 60_000 },
  },
  {
    ...{ place: 'team/app/v2.3/main', name: 'weatherd', version: '2.3.0-r1', arch: 'x86_64', pkginfo: weather },
    ...{ description: 'Serves forecasts over HTTP and keeps a week of them', dataBytes: 170_000 },
  },
  {
    ...{ place: 'team/base/edge/main', name: 'base-config', version: '12-r0', arch: 'noarch', pkginfo: tools },
    ...{ description: 'What every machine of ours has: users, time zone, certificates', depends: ['opsctl'] },
  },
  {
    ...{ place: 'web/edge-proxy/edge/main', name: 'edge-proxy', version: '0.9.1-r2', arch: 'x86_64', pkginfo: tools },
    ...{ description: 'A small reverse proxy with automatic certificates', dataBytes: 2_000_000 },
  },
];

/** Pushes them to a gateway, one after the other. */
export async function pushPackages(
  url: string,
  packages: readonly DemoPackage[],
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  for (const { place, ...spec } of packages) {
    const body = new Uint8Array(anApk(spec));
    const answer = await fetch(`${url}/apk/${place}/push`, { method: 'PUT', body, headers });
    if (answer.status !== 201) throw new Error(`${spec.name}: ${answer.status} ${await answer.text()}`);
  }
}
