import { writeFile, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isErrno } from '../../../files/errno.ts';
import { replaceFile } from '../../../files/whole-file.ts';
import { printLine } from '../../shared/terminal.ts';
import type { GatewayClient } from '../http/gateway-client.ts';
import type { Session } from '../session.ts';
import { checkFilePath } from './file-path.ts';
import { createProgress } from './progress.ts';
import { resumedContent } from './resumed-content.ts';

export interface PullOptions {
  /** Where to; `-` is standard output. Default: its own name, in the working folder. */
  readonly output?: string | undefined;
}

/**
 * Fetches a file, byte for byte. What is there under its name is replaced at the end; a connection that breaks is taken up
 * where it broke; an interrupted one leaves nothing behind.
 */
export async function pull(session: Session, target: string, filePath: string, options: PullOptions): Promise<void> {
  checkFilePath(filePath);
  const gateway = await session.gateway(session.target(target));
  const output = options.output ?? filePath.slice(filePath.lastIndexOf('/') + 1);
  if (output === '-') return printContent(session, gateway, filePath);
  await replaceFile(output, (file) => fetchInto(session, gateway, filePath, file, output), { mode: 'umask' });
  printLine(session.terminal, `pulled ${output}`);
}

async function fetchInto(
  session: Session,
  gateway: GatewayClient,
  filePath: string,
  into: FileHandle,
  output: string,
): Promise<void> {
  const { size, content } = await resumedContent(session, gateway, filePath);
  const file = { path: output, size: size ?? 0 };
  const progress = createProgress(session.terminal, 'downloading', [file]);
  const counted = async function* () {
    let received = 0;
    progress.reach(file, received);
    for await (const chunk of content) {
      received += chunk.length;
      progress.reach(file, received);
      yield chunk;
    }
  };
  await writeFile(into, counted()).finally(progress.stop);
}

async function printContent(session: Session, gateway: GatewayClient, filePath: string): Promise<void> {
  const { content } = await resumedContent(session, gateway, filePath);
  await pipeline(Readable.from(content), session.terminal.stdout, { end: false }).catch((error: unknown) => {
    // Whoever reads on has what they wanted.
    if (!isErrno(error, 'EPIPE')) throw error;
  });
}
