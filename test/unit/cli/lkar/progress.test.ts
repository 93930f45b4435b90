import { describe, expect, it } from 'vitest';
import { createProgress } from '../../../../src/cli/lkar/commands/progress.ts';
import { aTerminal } from '../../../support/a-terminal.ts';

const files = [
  { path: 'packages/a.apk', size: 2048 },
  { path: 'packages/b.apk', size: 1024 },
] as const;

/** A terminal, and what was drawn there. */
const aScreen = () => {
  const terminal = aTerminal();
  return { ...terminal, stderr: Object.assign(terminal.stderr, { isTTY: true, columns: 200, cursorTo: () => true }) };
};

describe('progress', () => {
  it('is a line a file where nobody looks, and says that the gateway works on what it has', () => {
    const terminal = aTerminal();
    const progress = createProgress(terminal, 'uploading', files);
    for (const bytes of [0, 1000, 2048]) progress.reach(files[0], bytes);
    for (const bytes of [0, 1024]) progress.reach(files[1], bytes);
    progress.stop();
    expect(terminal.said().split('\n')).toEqual([
      'uploading a.apk (2.0 KiB, 1 of 2)',
      'uploading b.apk (1.0 KiB, 2 of 2)',
      'sent; the gateway is checking',
      '',
    ]);
  });

  it('says again what is sent again', () => {
    const terminal = aTerminal();
    const progress = createProgress(terminal, 'uploading', [files[0]]);
    for (const bytes of [0, 1000, 0, 2048]) progress.reach(files[0], bytes);
    expect(terminal.said().match(/uploading a\.apk/g)).toHaveLength(2);
  });

  it('tells rate and time left on a terminal', () => {
    const times = [0, 1000, 2000, 2000, 2000];
    const screen = aScreen();
    const progress = createProgress(screen, 'downloading', files, () => times.shift() ?? 2000);
    progress.reach(files[0], 1024);
    progress.stop();
    expect(screen.said()).toContain('downloading a.apk');
    expect(screen.said()).toContain('33% of 3.0 KiB  1.0 KiB/s, 2 s left');
  });
});
