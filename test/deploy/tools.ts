import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { findOnPath } from '../support/registry.ts';

/** The top of the clone, and its folder with what is deployed. */
export const root = path.join(import.meta.dirname, '..', '..');
export const deployFolder = path.join(root, 'deploy');

export interface ToolResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that may be on this machine: from a variable, such as HELM for helm, else on PATH. Says where it isn't there. */
export function findTool(name: string): string | undefined {
  const variable = name.toUpperCase().replaceAll('-', '_');
  const found = process.env[variable] ?? findOnPath(name);
  if (found === undefined) console.log(`test/deploy: no ${name} (PATH, ${variable}), tests with it are skipped`);
  return found;
}

/** Runs a program to its end. */
export function runTool(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): ToolResult {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 64 * 2 ** 20,
    ...options,
  });
  if (error !== undefined) throw error;
  return { exitCode: status, stdout, stderr };
}
