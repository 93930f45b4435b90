import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const root = path.join(import.meta.dirname, '..', '..');

interface Source {
  /** Below src. */
  readonly file: string;
  readonly lines: number;
  /** As they stand in the text: paths and packages, dynamic ones too. */
  readonly imports: readonly string[];
}

interface Room {
  readonly name: string;
  readonly answers: string;
  readonly mayImport: readonly string[];
  readonly packages: readonly string[];
}

/** Rooms that everything above them may use without saying so. */
const groundFloor = ['errors.ts', 'ports.ts', 'time', 'concurrency', 'files'];

/** Longer or fuller than the rule allows, with the reason. */
const longFiles: Readonly<Record<string, string>> = {};
const fullFolders: Readonly<Record<string, string>> = {};

const sources = readSources();
const folders = new Set(sources.map(({ file }) => path.posix.dirname(file)));
const rooms = readRooms();

describe('the house', () => {
  it('is drawn in docs/contributing.md, each room once and no other', () => {
    const built = [...new Set(sources.map(({ file }) => roomOf(file)))];
    expect(rooms.map(({ name }) => name).toSorted()).toEqual(built.toSorted());
    for (const { name, answers } of rooms) expect([name, answers]).not.toEqual([name, '']);
  });

  it.each(rooms.map(({ name, ...room }) => [name, room] as const))(
    'lets %s import no more than its line says, and the line says no more than it imports',
    (name, { mayImport, packages }) => {
      const mine = sources.filter(({ file }) => roomOf(file) === name);
      const targets = mine.flatMap(({ file, imports }) => imports.map((one) => ({ file, one: targetOf(file, one) })));
      const foreign = targets.filter(({ one }) => one !== undefined && roomOf(one) !== name);
      const isAllowed = (target: string, by: string) => target === by || target.startsWith(`${by}/`);
      const isGround = (target: string) => !groundFloor.includes(name) && groundFloor.includes(roomOf(target));
      const strays = foreign.filter(({ one = '' }) => !isGround(one) && !mayImport.some((by) => isAllowed(one, by)));
      expect(strays).toEqual([]);
      expect(mayImport.filter((by) => !foreign.some(({ one = '' }) => isAllowed(one, by)))).toEqual([]);
      expect([...new Set(mine.flatMap(({ imports }) => imports.flatMap(packageOf)))].toSorted()).toEqual(
        packages.toSorted(),
      );
    },
  );

  it('has no circle of rooms, and nothing below imports what is above', () => {
    const arrows = new Map<string, Set<string>>();
    for (const { file, imports } of sources) {
      const to = imports.flatMap((one) => targetOf(file, one) ?? []).map(roomOf);
      const known = arrows.get(roomOf(file)) ?? new Set<string>();
      arrows.set(roomOf(file), new Set([...known, ...to.filter((room) => room !== roomOf(file))]));
    }
    expect(circleIn(arrows)).toBeUndefined();
  });

  it('has at most 15 files in a folder', () => {
    const full = [...folders].filter((folder) => filesIn(folder).length > 15 && !(folder in fullFolders));
    expect(full).toEqual([]);
  });

  it('has files of 170 lines at most, but for one in ten, and none over 250', () => {
    const lengths = sources.map(({ lines }) => lines).toSorted((a, b) => a - b);
    expect(lengths[Math.floor(lengths.length * 0.9)]).toBeLessThanOrEqual(170);
    expect(sources.filter(({ file, lines }) => lines > 250 && !(file in longFiles))).toEqual([]);
  });

  it('excuses nothing that needs no excuse', () => {
    const isLong = (name: string) => sources.some(({ file, lines }) => file === name && lines > 250);
    expect(Object.keys(longFiles).filter((name) => !isLong(name))).toEqual([]);
    expect(Object.keys(fullFolders).filter((name) => filesIn(name).length <= 15)).toEqual([]);
  });

  it('has no barrels, no default exports and no drawers for what has no place', () => {
    expect(sources.filter(({ file }) => /(^|\/)(utils|helpers|types|index|common|misc)\.tsx?$/.test(file))).toEqual([]);
    const exporting = (pattern: RegExp) => sources.filter(({ file }) => pattern.test(textOf(file)));
    expect(exporting(/^export default /m)).toEqual([]);
    expect(exporting(/^export (\*|\{[^}]*\}) from /m)).toEqual([]);
  });
});

function readSources(): readonly Source[] {
  const names = readdirSync(path.join(root, 'src'), { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => {
      const file = name.split(path.sep).join('/');
      const text = textOf(file);
      const imports = [...text.matchAll(/(?:^(?:import|export)\b[^;']*?\bfrom |\bimport\()'([^']+)'/gm)];
      return { file, lines: text.split('\n').length - 1, imports: imports.map(([, one = '']) => one) };
    });
}

function textOf(file: string): string {
  return readFileSync(path.join(root, 'src', file), 'utf8');
}

function readRooms(): readonly Room[] {
  const page = readFileSync(path.join(root, 'docs', 'contributing.md'), 'utf8');
  const lines = page.split('\n');
  const head = lines.findIndex((line) => line.startsWith('| room |'));
  const rows = lines.slice(head + 2).slice(
    0,
    lines.slice(head + 2).findIndex((line) => !line.startsWith('|')),
  );
  return rows.map((row) => {
    const [name = '', answers = '', mayImport = '', packages = ''] = row.split('|').slice(1, -1);
    return {
      name: namesIn(name)[0] ?? '',
      answers: answers.trim(),
      mayImport: namesIn(mayImport),
      packages: namesIn(packages),
    };
  });
}

function namesIn(cell: string): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
}

/** The folder that a file stands in; a file beside rooms is a room of its own. */
function roomOf(file: string): string {
  const folder = path.posix.dirname(file);
  const hasRooms = folder === '.' || [...folders].some((other) => other.startsWith(`${folder}/`));
  return hasRooms ? file : folder;
}

/** The file that a relative import means. */
function targetOf(file: string, imported: string): string | undefined {
  return imported.startsWith('.') ? path.posix.join(path.posix.dirname(file), imported) : undefined;
}

function packageOf(imported: string): readonly string[] {
  if (imported.startsWith('.') || imported.startsWith('node:')) return [];
  const parts = imported.split('/');
  return [parts.slice(0, imported.startsWith('@') ? 2 : 1).join('/')];
}

function filesIn(folder: string): readonly string[] {
  const place = path.join(root, 'src', folder);
  if (!existsSync(place)) return [];
  return readdirSync(place).filter((name) => /\.tsx?$/.test(name));
}

function circleIn(arrows: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] | undefined {
  const done = new Set<string>();
  const visit = (room: string, trail: readonly string[]): readonly string[] | undefined => {
    if (trail.includes(room)) return [...trail.slice(trail.indexOf(room)), room];
    if (done.has(room)) return undefined;
    for (const next of arrows.get(room) ?? []) {
      const circle = visit(next, [...trail, room]);
      if (circle !== undefined) return circle;
    }
    done.add(room);
    return undefined;
  };
  for (const room of arrows.keys()) {
    const circle = visit(room, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}
