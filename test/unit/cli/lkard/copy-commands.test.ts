import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createCopyCommands } from '../../../../src/cli/lkard/copy-commands.ts';
import { GatewayError } from '../../../../src/errors.ts';
import type { Maintenance } from '../../../../src/gateway/maintenance.ts';
import { aTerminal } from '../../../support/a-terminal.ts';

describe('an export', () => {
  it.each(['SIGINT', 'SIGTERM'])(
    'that gets %s ends the copy, and leaves a second signal to the process',
    async (name) => {
      const signals = new EventEmitter();
      const maintenance = {
        exportImage: (_image: string, _folder: string, { signal }: { signal?: AbortSignal }) =>
          new Promise((_resolve, reject) => {
            signal?.addEventListener('abort', () => {
              reject(new GatewayError('ABORTED', 'ended'));
            });
          }),
      } as unknown as Maintenance;
      const process = Object.assign(signals, aTerminal()) as unknown as Parameters<typeof createCopyCommands>[0];
      const commands = createCopyCommands(process, {}, () => maintenance);
      const exporting = commands.exportImage({ flags: {}, image: 'team/app', folder: '/nowhere', hasKeys: true });
      signals.emit(name);
      expect(signals.listenerCount(name)).toBe(0);
      await expect(exporting).rejects.toMatchObject({ code: 'ABORTED' });
      expect([signals.listenerCount('SIGINT'), signals.listenerCount('SIGTERM')]).toEqual([0, 0]);
    },
  );
});
