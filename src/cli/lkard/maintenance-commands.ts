import { readConfig } from '../../config/config.ts';
import { GatewayError } from '../../errors.ts';
import { createMaintenance } from '../../gateway/maintenance.ts';
import { parseCoordinates } from '../../protocol/coordinates.ts';
import type { Interrupts } from '../shared/interrupts.ts';
import { checkedImage, createCopyCommands } from './copy-commands.ts';
import type { LkardCommands } from './lkard-commands.ts';
import { createLog } from './log.ts';
import { formatSize } from '../shared/size-text.ts';
import { printLine, type Terminal } from '../shared/terminal.ts';

/** The commands for operators: what they find and do goes to standard output, log lines to standard error. */
export function createMaintenanceCommands(
  terminal: Terminal & Interrupts,
  environment: Readonly<Record<string, string | undefined>>,
): LkardCommands {
  const openMaintenance = (flags: Parameters<typeof readConfig>[0]) => {
    // What happens is printed as it happens: the log has only what is wrong.
    const config = readConfig({ 'log-level': 'warn', ...flags }, environment);
    return createMaintenance(config, { log: createLog(terminal.stderr, config.log) });
  };

  return {
    ...createCopyCommands(terminal, environment, openMaintenance),
    async collectGarbage({ flags, olderThanMs, isDryRun }) {
      let files = 0;
      let bytes = 0;
      const verb = isDryRun ? 'would remove' : 'removed';
      await openMaintenance(flags).collectGarbage({ olderThanMs, isDryRun }, (garbage) => {
        files += 1;
        bytes += garbage.bytes;
        const of = garbage.image === undefined ? '' : ` of ${garbage.image}`;
        printLine(terminal, `${verb} ${garbage.kind} ${garbage.name}${of}, ${formatSize(garbage.bytes)}`);
      });
      printLine(terminal, `${verb} ${files} files, ${formatSize(bytes)}`);
    },

    async resign({ flags, image, drop }) {
      const { keys, indexes, changed } = await openMaintenance(flags).resign(checkedImage(image), { drop });
      printLine(terminal, `${changed} of ${indexes} indexes signed anew; they are signed with ${keys.join(', ')}`);
    },

    async verify(request) {
      const at = parseCoordinates(request);
      let findings = 0;
      const verified = await openMaintenance(request.flags).verify(
        at,
        { isRepair: request.isRepair },
        {
          onFinding({ kind, architecture, message, isMendable }) {
            findings += 1;
            printLine(terminal, `${kind} ${architecture}: ${message}${isMendable ? ' (--repair mends it)' : ''}`);
          },
          onMended({ kind, architecture, message }) {
            printLine(terminal, `mended ${kind} ${architecture}: ${message}`);
          },
        },
      );
      const { architectures, packages, bytes } = verified;
      printLine(terminal, `${architectures} indexes, ${packages} packages, ${formatSize(bytes)} read`);
      if (findings > 0)
        throw new GatewayError('INDEX_MALFORMED', `${findings} findings in ${at.branch}/${at.repository}`);
    },
  };
}
