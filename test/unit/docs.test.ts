import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { exitCodes } from '../../src/cli/shared/exit-code.ts';
import { createLkarProgram } from '../../src/cli/lkar/lkar-program.ts';
import { createLkardProgram } from '../../src/cli/lkard/lkard-program.ts';
import { settings } from '../../src/config/settings.ts';
import { manPages } from '../../scripts/man-pages.ts';
import { findOnPath } from '../support/registry.ts';
import { aTerminal } from '../support/a-terminal.ts';

const root = path.join(import.meta.dirname, '..', '..');

describe('the pages', () => {
  const pages = ['README.md', 'CHANGELOG.md', ...namesIn('docs', '.md')];

  it.each(pages)('link to what is there: %s', (page) => {
    const links = [...withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
    const broken = links.filter((link) => !/^https?:/.test(link) && !isThere(page, link));
    expect(broken).toEqual([]);
  });

  it.each(pages)('hold no leftovers of a merge: %s', (page) => {
    expect(read(page)).not.toMatch(/^(<{7} |>{7} |={7}$)/m);
  });

  it('are all reached from README.md', () => {
    const missing = namesIn('docs', '.md').filter((page) => !read('README.md').includes(`](${page})`));
    expect(missing).toEqual([]);
  });
});

describe('docs/dependencies.md', () => {
  const page = read('docs/dependencies.md');
  const rowsUnder = (heading: string) => rowsOf(sectionOf(page, `## ${heading}`));
  const manifest = JSON.parse(read('package.json')) as Record<
    'dependencies' | 'devDependencies',
    Readonly<Record<string, string>>
  >;

  it.each([
    ['At run time', 'dependencies'],
    ['For development', 'devDependencies'],
  ] as const)('gives a reason for every package, and for no other: %s', (heading, kind) => {
    const explained = rowsUnder(heading).map(([name = '']) => unquoted(name));
    expect(explained.toSorted()).toEqual(Object.keys(manifest[kind]).toSorted());
  });

  it.each(rowsUnder('At run time').map(([name = '', , where = '']) => [unquoted(name), quotedIn(where)] as const))(
    'names the places that import %s',
    (name, places) => {
      const inSource = places.filter((place) => place.startsWith('src/'));
      const importers = sources().filter(({ imports }) => imports.some((one) => packageOf(one) === name));
      const elsewhere = importers.filter(({ file }) => !inSource.some((place) => isIn(file, place)));
      if (inSource.length > 0) expect(elsewhere.map(({ file }) => file)).toEqual([]);
      expect(inSource.filter((place) => !importers.some(({ file }) => isIn(file, place)))).toEqual([]);
    },
  );
});

describe('the licences', () => {
  const lock = JSON.parse(read('package-lock.json')) as {
    readonly packages: Readonly<
      Record<string, { readonly license?: string; readonly dev?: true; readonly hasInstallScript?: true }>
    >;
  };
  const installed = Object.entries(lock.packages).filter(([path, { dev }]) => path !== '' && dev !== true);

  it('of all that is installed with the programs are those that the page names', () => {
    const rows = rowsOf(sectionOf(read('docs/dependencies.md'), '## Licences'));
    const named = new Map(rows.flatMap(([licence = '', names = '']) => quotedIn(names).map((name) => [name, licence])));
    const wrong = installed
      .map(([path, { license }]) => [path.replace(/^.*node_modules\//, ''), license ?? 'unknown'] as const)
      .filter(([name, licence]) => (named.get(name) ?? 'MIT') !== licence);
    expect(wrong).toEqual([]);
  });

  it('come with no install script', () => {
    expect(installed.filter(([, { hasInstallScript }]) => hasInstallScript === true)).toEqual([]);
  });
});

describe('docs/command-line.md', () => {
  const page = read('docs/command-line.md');
  const terminal = aTerminal();
  const lkard = createLkardProgram(terminal, () => Promise.resolve());
  const done = () => Promise.resolve();
  const works = {
    collectGarbage: done,
    verify: done,
    resign: done,
    exportImage: done,
    importImage: done,
    copyImage: done,
  };
  const whole = createLkardProgram(terminal, done, works);
  const lkar = createLkarProgram(terminal);

  it('has every flag of lkard, and no other', () => {
    const shown = rowsOf(sectionOf(page, '## lkard')).map(([flags = '']) => unquoted(flags));
    expect(shown.toSorted()).toEqual(flagsOf(lkard).toSorted());
  });

  it.each(settings().map((setting) => [setting.name, setting] as const))(
    'says under the heading of its group what --%s is where it is not given',
    (name, { group, usual = '' }) => {
      const row = rowsOf(sectionOf(page, `### ${group}`)).find(([flags = '']) => flags.startsWith(`\`--${name}`));
      expect(row?.[1]?.replaceAll('`', '')).toBe(usual);
    },
  );

  it('has every option of lkar itself, and no other', () => {
    const [head = ''] = sectionOf(page, '## lkar').split('\n### ', 1);
    const shown = rowsOf(head).map(([flags = '']) => unquoted(flags));
    expect(shown.toSorted()).toEqual(flagsOf(lkar).toSorted());
  });

  it('has every command of lkar, and no other', () => {
    const known = commandsOf(lkar).map((command) => command.name());
    const shown = [...page.matchAll(/^### (lkar .+)$/gm)].flatMap(([, heading = '']) => commandsIn(heading));
    expect(shown.toSorted()).toEqual(known.filter((name) => name !== 'apk' && name !== 'help').toSorted());
  });

  it.each(commandsOf(lkar).map((command) => [command.name(), command] as const))(
    'has the options and aliases of lkar %s',
    (name, command) => {
      const heading = page.split('\n').find((line) => line.startsWith('### ') && commandsIn(line).includes(name));
      const shown =
        heading === undefined ? [] : rowsOf(sectionOf(page, heading)).map(([flags = '']) => unquoted(flags));
      expect(shown.filter((flags) => flagsOf(command).includes(flags))).toEqual(flagsOf(command));
      for (const alias of command.aliases()) expect(heading).toContain(alias);
    },
  );

  it('has every command of lkard with its own options, and no other', () => {
    const section = sectionOf(page, '## Commands of lkard');
    const headings = [...section.matchAll(/^### (lkard .+)$/gm)].map(([, heading = '']) => heading);
    const known = commandsOf(whole).filter((command) => command.name() !== 'help');
    const named = headings.flatMap((heading) => [...heading.matchAll(/\blkard ([a-z]+)/g)].map(([, name]) => name));
    expect(named.toSorted()).toEqual(known.map((command) => command.name()).toSorted());
    for (const command of known) {
      const heading = headings.find((one) => one.includes(`lkard ${command.name()}`)) ?? '';
      const shown = rowsOf(sectionOf(section, `### ${heading}`)).map(([flags = '']) => unquoted(flags));
      const settings = flagsOf(lkard);
      expect(shown).toEqual(flagsOf(command).filter((flags) => !settings.includes(flags)));
    }
  });

  it('has every exit code', () => {
    const shown = rowsOf(sectionOf(page, '## Exit codes')).map(([code]) => Number(code));
    expect(shown).toEqual(Object.values(exitCodes));
  });
});

describe('the pages of the manual', () => {
  it.each(manPages())('are as npm run man writes them: $file', ({ file, text }) => {
    expect(read(file)).toBe(text);
    expect((JSON.parse(read('package.json')) as { man: string[] }).man).toContain(file);
  });

  const man = findOnPath('man');
  it.skipIf(man === undefined).each(manPages())('are read by man without a warning: $file', ({ file }) => {
    const read = spawnSync(man ?? '', ['-l', '--warnings', path.join(root, file)], {
      encoding: 'utf8',
      env: { ...process.env, MANPAGER: 'cat', PAGER: 'cat' },
    });
    expect([read.status, read.stderr]).toEqual([0, '']);
    expect(read.stdout).toMatch(/EXIT STATUS[^]*FILES/);
  });
});

describe('the folder map', () => {
  // A folder, or a file that stands beside the folders, and what it may import of them and of packages.
  const base = ['errors.ts', 'ports.ts', 'concurrency', 'files', 'time'];
  const mayImport: Readonly<Record<string, readonly string[]>> = {
    concurrency: ['errors.ts', 'time', 'lru-cache'],
    time: [],
    connecting: [],
    files: ['errors.ts', 'ports.ts', 'concurrency', 'time'],
    apk: ['errors.ts'],
    oci: ['errors.ts', 'zod'],
    protocol: ['errors.ts', 'apk', 'oci', 'zod'],
    store: [...base, 'connecting', 'oci', 'undici', 'lru-cache', 'zod', 'bcryptjs'],
    credentials: [...base, 'oci', 'store', 'zod'],
    config: ['errors.ts', 'files', 'oci', 'protocol', 'zod'],
    repository: [...base, 'config', 'apk', 'oci', 'protocol', 'store', 'lru-cache', 'jose', 'zod'],
    trust: [...base, 'apk', 'oci', 'protocol', 'repository', 'config', 'jose', 'yaml', 'zod'],
    http: [
      ...base,
      'config',
      'apk',
      'oci',
      'protocol',
      'store',
      'repository',
      'trust',
      'hono',
      '@hono/node-server',
      '@fastify/busboy',
      'jose',
      'zod',
    ],
  };
  const storeInterface = ['src/store/store.ts', 'src/store/read-blob.ts'];

  it.each(Object.entries(mayImport))('lets %s import no more than %s', (folder, allowed) => {
    const strays = sources()
      .filter(({ file }) => isIn(file, `src/${folder}`))
      .flatMap(({ file, imports }) => imports.map((one) => ({ file, one, node: nodeOf(file, one) })))
      .filter(({ node }) => node !== folder && node !== undefined && !allowed.includes(node));
    expect(strays).toEqual([]);
  });

  it.each([
    ['hono', ['src/http']],
    [
      'undici',
      [
        'src/store/registry/transport/registry-dispatch.ts',
        'src/cli/lkar/http/http-client.ts',
        'src/gateway/outside-fetch.ts',
      ],
    ],
    ['jose', ['src/repository/keys/key-seal.ts', 'src/trust', 'src/http/pages/frame/session-cookie.ts']],
    ['commander', ['src/cli']],
    ['lru-cache', ['src/concurrency/bounded-cache.ts', 'src/store']],
  ])('lets only its own places import %s', (name, places) => {
    const importers = sources().filter(({ imports }) => imports.some((one) => packageOf(one) === name));
    const strays = importers.map(({ file }) => file).filter((file) => !places.some((place) => isIn(file, place)));
    expect(strays).toEqual([]);
  });

  it("lets the domain and the HTTP edge know the store's interface, never an adapter", () => {
    const strays = sources()
      .filter(({ file }) => isIn(file, 'src/repository') || isIn(file, 'src/http'))
      .flatMap(({ file, imports }) => imports.map((one) => ({ file, target: targetOf(file, one) })))
      .filter(({ target }) => isIn(target, 'src/store') && !storeInterface.includes(target));
    expect(strays).toEqual([]);
  });

  // How one logs in to a registry; no I/O but what is handed in.
  const loginHelpers = ['login/registry-credentials.ts', 'transport/redirect.ts', 'login/token-service.ts'].map(
    (name) => `src/store/registry/${name}`,
  );

  it('lets the command line import the files that put a gateway together, not the HTTP edge or the stores', () => {
    const strays = sources()
      .filter(({ file }) => isIn(file, 'src/cli'))
      .flatMap(({ file, imports }) => imports.map((one) => ({ file, target: targetOf(file, one) })))
      .filter(({ target }) => isIn(target, 'src/http') || isIn(target, 'src/store'))
      .filter(({ target }) => !loginHelpers.includes(target));
    expect(strays).toEqual([]);
  });

  it('has no cycle between folders', () => {
    const edges = new Map<string, Set<string>>();
    for (const { file, imports } of sources()) {
      const from = folderOf(file);
      const to = imports.filter((one) => one.startsWith('.')).map((one) => folderOf(targetOf(file, one)));
      edges.set(from, new Set([...(edges.get(from) ?? []), ...to.filter((node) => node !== from)]));
    }
    expect(cycleIn(edges)).toBeUndefined();
  });

  it('has no file of more than 250 lines', () => {
    const long = sources().filter(({ lines }) => lines > 250);
    expect(long.map(({ file, lines }) => `${file}: ${lines}`)).toEqual([]);
  });
});

function read(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

function namesIn(folder: string, ending: string): readonly string[] {
  const names = readdirSync(path.join(root, folder)).filter((name) => name.endsWith(ending));
  return names.map((name) => `${folder}/${name}`);
}

function withoutCode(text: string): string {
  return text.replace(/`[^`\n]*`/g, '').replace(/^ {4}.*$/gm, '');
}

function isThere(page: string, link: string): boolean {
  const [target = '', anchor] = link.split('#');
  const file = target === '' ? page : path.join(path.dirname(page), target);
  if (!existsSync(path.join(root, file))) return false;
  return anchor === undefined || anchorsOf(read(file)).includes(anchor);
}

/** As GitHub makes them of headings. */
function anchorsOf(text: string): readonly string[] {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
}

/** From a heading to the next of its level or above. */
function sectionOf(text: string, heading: string): string {
  const lines = text.split('\n');
  const start = lines.indexOf(heading);
  if (start === -1) throw new Error(`there is no heading ${heading}`);
  const level = heading.indexOf(' ');
  const length = lines.slice(start + 1).findIndex((line) => /^#+ /.test(line) && line.indexOf(' ') <= level);
  return lines.slice(start, length === -1 ? undefined : start + 1 + length).join('\n');
}

/** The cells of a section's tables, without their heads. */
function rowsOf(section: string): readonly (readonly string[])[] {
  const lines = section.split('\n');
  const isRow = (line: string | undefined) => line?.startsWith('|') === true;
  const isRule = (line: string | undefined) => /^[| -]+$/.test(line ?? '') && line?.includes('---') === true;
  const rows = lines.filter((line, at) => isRow(line) && !isRule(line) && !isRule(lines[at + 1]));
  return rows.map((row) =>
    row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('\\|', '|')),
  );
}

function unquoted(cell: string): string {
  return cell.replace(/^`|`$/g, '');
}

function quotedIn(cell: string): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);
}

function flagsOf(command: Command): readonly string[] {
  const isOfAll = (flags: string) => command.parent !== null && flags === '-h, --help';
  return [...command.createHelp().visibleOptions(command)].map(({ flags }) => flags).filter((flags) => !isOfAll(flags));
}

function commandsOf(program: Command): readonly Command[] {
  return program.createHelp().visibleCommands(program);
}

/** `### lkar login, lkar logout` and `### lkar push (put, create)`. */
function commandsIn(heading: string): readonly string[] {
  return [...heading.matchAll(/\blkar ([a-z]+)/g)].map(([, name = '']) => name);
}

interface Source {
  /** From the repository's root. */
  readonly file: string;
  readonly lines: number;
  readonly imports: readonly string[];
}

let known: readonly Source[] | undefined;

function sources(): readonly Source[] {
  known ??= readSources();
  return known;
}

function readSources(): readonly Source[] {
  const names = readdirSync(path.join(root, 'src'), { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => {
      const file = path.posix.join('src', name.split(path.sep).join('/'));
      const text = read(file);
      const patterns = [/^(?:import|export)\b[^;']*?\bfrom '([^']+)';$/gm, /\bimport\('([^']+)'\)/g];
      const imports = patterns.flatMap((pattern) => [...text.matchAll(pattern)].map(([, one = '']) => one));
      return { file, lines: text.split('\n').length - 1, imports };
    });
}

function isIn(file: string, place: string): boolean {
  return file === place || file.startsWith(`${place}/`);
}

/** The file that a relative import means; a package's name stays. */
function targetOf(file: string, imported: string): string {
  return imported.startsWith('.') ? path.posix.join(path.posix.dirname(file), imported) : imported;
}

/** The folder below src, or the file beside the folders. */
function folderOf(file: string): string {
  return file.split('/')[1] ?? file;
}

/** The folder, the file beside the folders or the package; undefined for Node's own modules. */
function nodeOf(file: string, imported: string): string | undefined {
  return imported.startsWith('.') ? folderOf(targetOf(file, imported)) : packageOf(imported);
}

function packageOf(imported: string): string | undefined {
  if (imported.startsWith('.') || imported.startsWith('node:')) return undefined;
  return imported
    .split('/')
    .slice(0, imported.startsWith('@') ? 2 : 1)
    .join('/');
}

function cycleIn(edges: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] | undefined {
  const done = new Set<string>();
  const visit = (node: string, trail: readonly string[]): readonly string[] | undefined => {
    if (trail.includes(node)) return [...trail.slice(trail.indexOf(node)), node];
    if (done.has(node)) return undefined;
    for (const next of edges.get(node) ?? []) {
      const cycle = visit(next, [...trail, node]);
      if (cycle !== undefined) return cycle;
    }
    done.add(node);
    return undefined;
  };
  for (const node of edges.keys()) {
    const cycle = visit(node, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}
