import { readFileSync } from 'node:fs';
import path from 'node:path';

export const root = path.join(import.meta.dirname, '..', '..');

/**
 * What a comment before a block says of it: `run` it to its end, `run with apk` where there is one, `run apko` with a configuration; `run the script` that
 * a pipeline's YAML holds; `serve`: start it and leave it running, `serve the sidecar` that a pod's YAML
 * holds; `prints`: what the block before prints, `…` standing for
 * anything; `shown`: not run here, for the reason that follows.
 */
export type BlockKind =
  'run' | 'run with apk' | 'run the script' | 'serve' | 'serve the sidecar' | 'run apko' | 'prints' | 'shown';

/** An indented block of a page. */
export interface DocBlock {
  /** Of its first line, from 1 on. */
  readonly line: number;
  /** Undefined where no comment says what to do with it. */
  readonly kind: BlockKind | undefined;
  readonly reason: string;
  readonly text: string;
  /** Its first line. */
  readonly title: string;
}

const mark = /^<!-- (run with apk|run the script|run apko|run|serve the sidecar|serve|prints|shown)(?:: (.*?))? -->$/;

/** The blocks of a page, or of one section of it. */
export function blocksOf(page: string, section?: string): readonly DocBlock[] {
  const lines = readFileSync(path.join(root, page), 'utf8').split('\n');
  const start = section === undefined ? 0 : lines.indexOf(section);
  if (start === -1) throw new Error(`${page} has no ${section}`);
  const level = section?.indexOf(' ') ?? 0;
  const isNextSection = (line: string) => /^#+ /.test(line) && line.indexOf(' ') <= level;
  const length = section === undefined ? -1 : lines.slice(start + 1).findIndex(isNextSection);
  const end = length === -1 ? lines.length : start + 1 + length;

  const blocks: DocBlock[] = [];
  for (let at = start; at < end; at += 1) {
    if (!/^ {4}\S/.test(lines[at] ?? '') || (lines[at - 1] ?? '') !== '') continue;
    const length = lines.slice(at, end).findIndex((line, i) => line !== '' && !line.startsWith('    ') && i > 0);
    const text = lines
      .slice(at, length === -1 ? end : at + length)
      .map((line) => line.slice(4))
      .join('\n')
      .trimEnd();
    const [, kind, reason = ''] = mark.exec(lines[at - 2] ?? '') ?? [];
    blocks.push({ line: at + 1, kind: kind as BlockKind | undefined, reason, text, title: text.split('\n')[0] ?? '' });
    at += text.split('\n').length - 1;
  }
  return blocks;
}

/** Whether an output has every line of a block in this order, whatever blanks are between words. */
export function isPrinted(expected: string, output: string): boolean {
  const words = (text: string) => text.replace(/\s+/g, ' ').trim();
  const pattern = words(expected)
    .split('…')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'))
    .join('.*');
  return new RegExp(pattern).test(words(output));
}
