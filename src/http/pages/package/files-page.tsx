import { setImmediate } from 'node:timers/promises';
import { raw } from 'hono/html';
import type { InstalledFile } from '../../../apk/package/package-contents.ts';
import type { ListedPackage } from '../../../repository/service/catalog.ts';
import { Layout, type Crumb, type PageFrame } from '../frame/layout.tsx';
import { maxPageBytes, renderPage, renderPart } from '../frame/page-answer.ts';
import { countOf, formatBytes } from '../frame/page-text.tsx';

export interface FilesPageProps {
  readonly frame: PageFrame;
  readonly crumbs: readonly Crumb[];
  readonly pkg: ListedPackage;
}

/** Files that are listed; the package has the rest. */
const maxFiles = 20_000;
const maxRowBytes = maxPageBytes - 64 * 1024;
const rowsAtOnce = 200;
const rowsMark = '<!--rows-->';
const endMark = '<!--end-->';

/**
 * The page in pieces, while the package is read: what is before the files, the files, what is after. Ends with the
 * signal's reason where its reader leaves, and lets others have their turn between the pieces.
 */
export async function* renderFilesPage(
  props: FilesPageProps,
  files: AsyncIterable<InstalledFile>,
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const page = await renderPage(<FilesPage {...props} />);
  const [before = '', between = '', after = ''] = page.split(new RegExp(`${rowsMark}|${endMark}`));
  yield before;
  let count = 0;
  let bytes = 0;
  let isCut = false;
  let rows: string[] = [];
  for await (const file of files) {
    const row = await renderPart(<FileRow file={file} />);
    bytes += Buffer.byteLength(row);
    isCut = count === maxFiles || bytes > maxRowBytes;
    if (isCut) break;
    count += 1;
    rows.push(row);
    if (rows.length < rowsAtOnce) continue;
    yield rows.join('');
    rows = [];
    await setImmediate();
    signal.throwIfAborted();
  }
  const end = isCut ? `The first ${countOf(count, 'entry', 'entries')}.` : countOf(count, 'entry', 'entries');
  yield `${rows.join('')}${between}${end}${after}`;
}

function FilesPage({ frame, crumbs, pkg }: FilesPageProps) {
  const { name, version } = pkg.entry;
  return (
    <Layout frame={frame} title={`Files in ${name} ${version}`} crumbs={crumbs}>
      <h1>
        Files in {name} <small>{version}</small>
      </h1>
      <table class="files">
        <thead>
          <tr>
            <th scope="col">Path</th>
            <th scope="col" class="number">
              Size
            </th>
            <th scope="col" class="wide">
              Mode
            </th>
          </tr>
        </thead>
        <tbody>{raw(rowsMark)}</tbody>
      </table>
      <p class="note" role="status">
        {raw(endMark)}
      </p>
    </Layout>
  );
}

const kindLetters: Readonly<Record<InstalledFile['kind'], string>> = {
  file: '-',
  directory: 'd',
  symlink: 'l',
  hardlink: 'h',
  other: '?',
};

function FileRow({ file }: { readonly file: InstalledFile }) {
  const { path, kind, size, mode, target } = file;
  return (
    <tr>
      <td class="path">
        /{path}
        {kind === 'directory' && '/'}
        {target !== undefined && <span class="note"> → {target}</span>}
      </td>
      <td class="number">{kind === 'file' ? formatBytes(size) : ''}</td>
      <td class="wide">
        <code>{`${kindLetters[kind]} ${mode.toString(8).padStart(4, '0')}`}</code>
      </td>
    </tr>
  );
}
