import { runProgram } from '../shared/run-program.ts';
import { printLine } from '../shared/terminal.ts';
import type { LkardCommands } from './lkard-commands.ts';
import type { LkardProcess } from './lkard-process.ts';
import { createLkardProgram, type LkardRequest } from './lkard-program.ts';

/** Runs `lkard` with the arguments behind its name until it is told to stop, and returns its exit code. */
export function runLkard(args: readonly string[], self: LkardProcess): Promise<number> {
  const start = async ({ flags, isPrintConfig }: LkardRequest) => {
    const { formatConfig, readConfig } = await import('../../config/config.ts');
    const config = readConfig(flags, self.env);
    if (isPrintConfig) printLine(self, formatConfig(config));
    else await (await import('./serving.ts')).serve(config, self);
  };
  return runProgram(createLkardProgram(self, start, commandsOf(self)), args, self);
}

/** The commands for operators, each loaded when it runs. */
function commandsOf(self: LkardProcess): LkardCommands {
  const load = async () => (await import('./maintenance-commands.ts')).createMaintenanceCommands(self, self.env);
  return {
    collectGarbage: async (request) => (await load()).collectGarbage(request),
    verify: async (request) => (await load()).verify(request),
    resign: async (request) => (await load()).resign(request),
    exportImage: async (request) => (await load()).exportImage(request),
    importImage: async (request) => (await load()).importImage(request),
    copyImage: async (request) => (await load()).copyImage(request),
  };
}
