import { readConfig } from '../../config/config.ts';
import { environmentName, settings } from '../../config/settings.ts';
import { GatewayError } from '../../errors.ts';
import type { CopiedAndSigned, Maintenance } from '../../gateway/maintenance.ts';
import { isImageName } from '../../oci/reference.ts';
import type { CopyOptions } from '../../repository/upkeep/copy-image.ts';
import { createCountProgress } from '../shared/count-progress.ts';
import type { LayoutRequest, LkardCommands } from './lkard-commands.ts';
import { unlessInterrupted, type Interrupts } from '../shared/interrupts.ts';
import { formatSize } from '../shared/size-text.ts';
import { parseTarget } from '../shared/target.ts';
import { printLine, sayLine, type Terminal } from '../shared/terminal.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The most tags that a warning names. */
const maxNamed = 10;

/**
 * The commands that carry whole images: how far they are goes to standard error, what was done to standard output. SIGINT and
 * SIGTERM end them with ABORTED once what is whole is written down, so that the next run goes on; a second one ends the process.
 */
export function createCopyCommands(
  terminal: Terminal & Interrupts,
  environment: Environment,
  openMaintenance: (flags: LayoutRequest['flags']) => Maintenance,
): Pick<LkardCommands, 'exportImage' | 'importImage' | 'copyImage'> {
  const carry = async (what: string, hasKeys: boolean, work: (options: CopyOptions) => Promise<CopiedAndSigned>) => {
    const progress = createCountProgress(terminal, 'tags');
    const carried = await unlessInterrupted(terminal, (signal) =>
      work({ hasKeys, onProgress: progress.show, signal }).finally(progress.stop),
    );
    report(terminal, what, carried);
  };

  return {
    exportImage: ({ flags, image, folder, hasKeys }) =>
      carry(`exported ${checkedImage(image)}`, hasKeys, (options) =>
        openMaintenance(flags).exportImage(image, folder, options),
      ),
    importImage: ({ flags, image, folder, hasKeys }) =>
      carry(`imported ${checkedImage(image)}`, hasKeys, (options) =>
        openMaintenance(flags).importImage(folder, image, options),
      ),
    copyImage: ({ flags, image, target: text, hasKeys, isPlainHttp, isInsecure }) => {
      const target = parseTarget(text, { isPlainHttp });
      if (target.image === undefined) throw new GatewayError('REQUEST_INVALID', `${text} names no image`);
      const isPlain = target.origin.startsWith('http:');
      const other = {
        backend: target.registry,
        ...(isPlain && { 'no-https': true as const }),
        ...(isInsecure && { insecure: true as const }),
        ...(flags['registry-auth-file'] !== undefined && { 'registry-auth-file': flags['registry-auth-file'] }),
      };
      const to = { config: readConfig(other, withoutSettings(environment)), image: target.image };
      return carry(`copied ${checkedImage(image)}`, hasKeys, (options) =>
        openMaintenance(flags).copyImage(image, to, options),
      );
    },
  };
}

function report(terminal: Terminal, what: string, copied: CopiedAndSigned): void {
  const { packages, tombstones, kept, keys, indexes, unchanged, bytes, leftIndexes, maybeRevived, resigned } = copied;
  const dead = [
    ...(tombstones === 0 ? [] : [`${tombstones} tombstones`]),
    ...(kept === 0 ? [] : [`${kept} packages that were withdrawn or deleted lately`]),
  ];
  const counts = [`${packages} package tags`, ...dead, `${keys} keys`, `${indexes} indexes`];
  printLine(
    terminal,
    `${what}: ${counts.join(', ')}, ${formatSize(bytes)} written, ${unchanged} tags were there already`,
  );
  if (resigned !== undefined && resigned.changed > 0)
    printLine(terminal, `${resigned.changed} indexes signed with ${resigned.keys.join(', ')}: clients need its setup`);
  for (const tag of leftIndexes) {
    sayLine(
      terminal,
      `${tag}: the target has an index of its own, which the next push or lkard verify --repair renews`,
    );
  }
  if (maybeRevived.length === 0) return;
  const more = maybeRevived.length > maxNamed ? ' …' : '';
  sayLine(
    terminal,
    `warning: ${maybeRevived.length} of the packages that were brought are older than the index of the target; ` +
      `those that were deleted there are back: ${maybeRevived.slice(0, maxNamed).sort().join(' ')}${more}`,
  );
}

/** An image's name as a person gave it. Throws IMAGE_INVALID. */
export function checkedImage(image: string): string {
  if (isImageName(image)) return image;
  throw new GatewayError('IMAGE_INVALID', `${JSON.stringify(image)} can't name an image`);
}

/** What the variables say is of the gateway's own back end, not of another registry. */
function withoutSettings(environment: Environment): Environment {
  const own = new Set(settings().map(({ name }) => environmentName(name)));
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !own.has(name)));
}
