import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { findClient } from '../support/clients.ts';
import { buildPrograms } from '../support/programs.ts';
import { findOnPath, registryProgram, startRegistry, type TestRegistry } from '../support/registry.ts';
import { keyFixture } from '../support/signing-keys.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import { startStaticMirror, type StaticMirror } from './static-mirror.ts';
import { blocksOf, isPrinted, type DocBlock } from './doc-blocks.ts';
import { apkClients, startDocSession, type DocSession } from './doc-session.ts';

const withOnePackage = {
  serve: 'npm start',
  prepare: ['lkar push 127.0.0.1:9887/team/app edge main minimal-1.0-r0.apk'],
};

/** Pages all of whose blocks are run, or say why not; one that starts no gateway finds the first page's. */
const pages: readonly {
  readonly page: string;
  readonly section?: string;
  readonly serve?: string;
  readonly prepare?: readonly string[];
}[] = [
  { page: 'README.md', serve: 'npm start' },
  { page: 'docs/quick-start.md' },
  {
    page: 'docs/using.md',
    serve: 'npm start -- --signing-key /keys/test-only-2048.rsa',
    prepare: ['lkar push 127.0.0.1:9887/team/app edge main minimal-1.0-r0.apk'],
  },
  { page: 'docs/publishing.md', serve: 'npm start' },
  ...['docs/api.md', 'docs/command-line.md', 'docs/troubleshooting.md'].map((page) => ({ page, ...withOnePackage })),
  { page: 'docs/addressing.md', serve: 'npm start' },
  {
    page: 'docs/lifecycle.md',
    serve: 'npm start',
    prepare: ['lkar push 127.0.0.1:9887/team/app edge main minimal-1.0-r0.apk hello-1.0-r0.apk'],
  },
  ...['## Garbage', '## Is all there?'].map((section) => ({ page: 'docs/operating.md', section, ...withOnePackage })),
  {
    page: 'docs/kubernetes.md',
    section: '## As a sidecar',
    serve: 'npm start -- --backend 127.0.0.1:5000 --no-https',
    prepare: [
      'curl -u ci:s3cret --upload-file hello-1.0-r0.apk http://127.0.0.1:9887/apk/team/private/edge/main/push',
      // Nobody may install it without the password.
      '! curl -fsS http://127.0.0.1:9887/apk/team/private/edge/main/x86_64/hello-1.0-r0.apk',
    ],
  },
  { page: 'docs/moving.md', serve: 'npm start' },
  { page: 'docs/registries.md', section: '## How to see whether one works', serve: 'npm start' },
];

const missing = [
  ...(registryProgram() === undefined ? ['docker-registry'] : []),
  ...['bash', 'curl', 'htpasswd'].filter((name) => findOnPath(name) === undefined),
];
const isSkipped = missing.length > 0 && process.env['CI'] !== 'true';

describe.skipIf(isSkipped)(`what the docs say to type${isSkipped ? ` (missing: ${missing.join(', ')})` : ''}`, () => {
  let mirror: StaticMirror;
  let secrets: Awaited<ReturnType<typeof makeTempDir>>;
  beforeAll(async () => {
    await buildPrograms();
    mirror = await startStaticMirror();
    secrets = await makeTempDir();
  }, 120_000);
  afterAll(async () => {
    await mirror.stop();
    await secrets.remove();
  });

  describe.each(pages)('in $page $section', ({ page, section, serve, prepare }) => {
    const blocks = blocksOf(page, section);
    let registry: TestRegistry;
    let session: DocSession;
    let printed = '';
    beforeAll(async () => {
      registry = await startRegistry({ users: { ci: 's3cret' } });
      const auths = { [registry.host]: { username: 'ci', password: 's3cret' } };
      await writeFile(path.join(secrets.path, 'config.json'), JSON.stringify({ auths }));
      session = await startDocSession({
        registry: registry.host,
        places: {
          'https://old.example.org': mirror.url,
          '/var/lib/lkard': './data',
          '--backend=registry.example.org': `--backend=${registry.host} --no-https`,
          '/keys/test-only-2048.rsa': keyFixture('test-only-2048.rsa'),
          '/etc/lkard/signing/apk.example.org.rsa': keyFixture('test-only-2048.rsa'),
          '/etc/lkard/registry/config.json': path.join(secrets.path, 'config.json'),
        },
        env: {
          CI_PROJECT_PATH: 'team/app',
          CI_REGISTRY_USER: 'ci',
          CI_REGISTRY_PASSWORD: 's3cret',
          USER: 'ci',
          PASSWORD: 's3cret',
          TOKEN: 's3cret',
          APK_USER: 'ci',
          APK_PASSWORD: 's3cret',
        },
      });
      if (serve !== undefined) await session.serve(serve);
      for (const step of prepare ?? []) await session.run(step);
    }, 120_000);
    afterAll(async () => {
      await session.end();
      await registry.stop();
    });

    it('every block says what becomes of it', () => {
      const unsaid = blocks.filter(({ kind, reason }) => kind === undefined || (kind === 'shown' && reason === ''));
      expect(unsaid.map(({ line, text }) => `${line}: ${text.split('\n')[0]}`)).toEqual([]);
      expect(blocks.length).toBeGreaterThan(0);
    });

    const tried = blocks.filter(({ kind }) => kind !== undefined && kind !== 'shown');
    const isWithoutApk = ({ kind }: DocBlock) =>
      (kind === 'run with apk' && apkClients.length === 0) || (kind === 'run apko' && findClient('apko') === undefined);
    it.skipIf(true).each(tried.filter(isWithoutApk))(
      'line $line (there is no apk that may install, or no apko)',
      () => undefined,
    );
    it.each(tried.filter((block) => !isWithoutApk(block)))(
      'line $line, $kind: $title',
      { timeout: 180_000 },
      async (block) => {
        const { kind, text } = block;
        if (kind === 'prints') expect(printed).toSatisfy((output: string) => isPrinted(text, output));
        else if (kind === 'serve') await session.serve(text);
        else if (kind === 'run apko') printed += await session.run(apkoBuild(text));
        else if (kind === 'serve the sidecar') await session.serve(...sidecarOf(text));
        else if (kind === 'run with apk')
          printed += await session.runWithApk(text, { isNewMachine: block.reason === 'on a new machine' });
        else printed += await session.run(kind === 'run the script' ? scriptOf(text) : text);
      },
    );
  });
});

function apkoBuild(yaml: string): string {
  const build = `${findClient('apko')?.program ?? 'apko'} build --sbom=false apko.yaml team/app:latest image.tar`;
  return `cat > apko.yaml <<'EOF'\n${yaml}\nEOF\n${build}`;
}

/** The command and the variables of a pod's first container. */
function sidecarOf(yaml: string): [string, Readonly<Record<string, string>>] {
  interface Container {
    readonly args: readonly string[];
    readonly env: readonly { readonly name: string; readonly value: string }[];
  }
  const { initContainers } = parse(yaml) as { initContainers: readonly Container[] };
  const { args = [], env = [] } = initContainers[0] ?? {};
  return [`lkard ${args.join(' ')}`, Object.fromEntries(env.map(({ name, value }) => [name, value]))];
}

/** The commands of a GitHub Actions step or a GitLab job. */
function scriptOf(yaml: string): string {
  const document = parse(yaml) as unknown;
  const [step] = Array.isArray(document) ? (document as { run: string }[]) : [];
  if (step !== undefined) return step.run;
  const [job] = Object.values(document as Record<string, { script: string[] }>);
  return job!.script.join('\n');
}
