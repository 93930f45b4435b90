import type { Interrupts } from '../shared/interrupts.ts';
import type { Terminal } from '../shared/terminal.ts';

/** What `lkard` takes from the process it runs in. */
export type LkardProcess = Terminal & Interrupts & Pick<NodeJS.Process, 'env' | 'exit'>;
