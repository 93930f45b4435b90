import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anApk } from '../../support/an-apk.ts';
import { startLocalServer, type LocalServer } from '../../support/local-server.ts';
import { buildPrograms, runBin } from '../../support/programs.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

// A new line, an escape that clears the screen, one of C1, and a change of reading direction.
const evil = 'a\n\u001b[2J\u009b2J\u202eremoved edge/main/x86_64/forged-1.apk';
const when = '2026-01-01T00:00:00Z';
const pkg = { architecture: evil, fileName: evil, name: evil, version: evil, digest: evil, size: 1 };
const snapshot = {
  ...{ name: evil, branch: evil, repository: evil, createdAt: when, createdBy: evil, architectures: [evil] },
  packages: { count: 1, size: 1 },
};

/** What a gateway answers by the end of a path: all texts in it are evil. */
const answers: Readonly<Record<string, object>> = {
  'history.json': {
    ...{ deletionsSince: when, complete: false, more: false },
    events: [{ ...pkg, event: evil, at: when, by: evil, reason: evil, from: evil }],
  },
  'withdrawn.json': {
    packages: [{ ...pkg, pushedAt: when, pushedBy: evil, withdrawnAt: when, withdrawnBy: evil, reason: evil }],
    ...{ total: 1, page: 1, pages: 1, complete: true },
  },
  'snapshots.json': { snapshots: [snapshot] },
  'edge@first/main': { ...snapshot, freed: false, notes: [evil] },
  push: { packages: [{ ...pkg, filePath: evil, outcome: 'published', warnings: [evil] }] },
  'repositories/team/app': [
    { name: 'edge/main', lastUpdated: when, size: 1, type: 'apk', packages: { count: 1, size: 1 } },
  ],
};
const change = (dryRun: boolean) => ({
  ...{ dryRun, missing: [evil], notes: [evil] },
  packages: ['deleted', 'kept', evil].map((outcome) => ({ ...pkg, outcome, reason: evil })),
});

describe('from a gateway that means evil', () => {
  let server: LocalServer;
  let folder: Awaited<ReturnType<typeof makeTempDir>>;
  const lkar = (...args: readonly string[]) => {
    const [verb = '', ...rest] = args.map((one) => one.replace('AT', `${server.host}/team/app`));
    return runBin('lkar', [verb, ...rest], {
      cwd: folder.path,
      env: { DOCKER_CONFIG: path.join(folder.path, 'none') },
    });
  };

  beforeAll(async () => {
    await buildPrograms();
    folder = await makeTempDir();
    await writeFile(path.join(folder.path, 'small.apk'), anApk({ name: 'small', version: '1' }));
    server = await startLocalServer((request, answer) => {
      const url = decodeURIComponent(request.url ?? '').replace(/\?.*/, '');
      const isListing = url.includes('_packages');
      const row = {
        name: evil,
        version: evil,
        size: 1,
        branch: url,
        repo: 'main',
        filePath: evil,
        digest: request.url,
      };
      const [, known] = Object.entries(answers).find(([end]) => url.endsWith(end)) ?? [];
      request.resume().on('end', () => {
        answer.writeHead(url.endsWith('@first/main') && request.method === 'PUT' ? 201 : 200, {
          'content-type': 'application/json',
        });
        answer.end(
          JSON.stringify(isListing ? [{ ...row, fileMetadata: { architecture: evil } }] : (known ?? change(false))),
        );
      });
    });
  }, 120_000);
  afterAll(async () => {
    await server.stop();
    await folder.remove();
  });

  it.each(
    [
      ['push', 'AT', 'edge', 'main', 'small.apk'],
      ['rm', 'AT', 'edge/main/a-*.apk'],
      ['rm', 'AT', 'edge/main/a-*.apk', '--dry-run'],
      ['withdraw', 'AT', 'edge', 'main', '--name', 'a'],
      ['restore', 'AT', 'edge', 'main', '--name', 'a'],
      ['promote', 'AT/edge/main', 'stable/main', 'a'],
      ['prune', 'AT', 'edge', 'main', '--keep', '1'],
      ['rollback', 'AT', 'edge', 'main', 'first'],
      ['rollback', 'AT', 'edge', 'main', 'first', '--yes'],
      ['snapshot', 'create', 'AT', 'edge', 'main', 'first'],
      ['snapshot', 'rm', 'AT', 'edge', 'main', 'first'],
      ...['table', 'json', 'yaml'].flatMap((format) => [
        ['snapshot', 'list', 'AT', 'edge', 'main', '-o', format],
        ['log', 'AT', 'edge', 'main', '-o', format],
        ['ls', 'AT', 'edge', 'main', '--withdrawn', '-o', format],
        ['diff', 'AT', 'edge', 'main', 'stable', '-o', format],
      ]),
    ].map((args) => [args.join(' '), args] as const),
  )('lkar %s prints nothing that a terminal obeys, and no line of the gateway’s own', async (_line, args) => {
    const { stdout, stderr } = await lkar(...args);
    const printed = stdout + stderr;
    expect(printed).toContain('forged');
    expect(printed.replaceAll('\n', '')).not.toMatch(
      /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/,
    );
    expect(printed).not.toMatch(/^\s*(?:\[2J|removed edge\/main\/x86_64\/forged)/m);
  });
});
