import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GatewayError } from '../../../errors.ts';
import { isErrno } from '../../../files/errno.ts';
import { replaceFile } from '../../../files/whole-file.ts';
import { createProgress } from './progress.ts';
import type { Session } from '../session.ts';
import { printLine } from '../../shared/terminal.ts';

/** Deletes files, one after the other, each under its `BRANCH/REPOSITORY/ARCH/FILE`; without ARCH in every one that has it. */
export async function remove(session: Session, target: string, filePaths: readonly string[]): Promise<void> {
  filePaths.forEach(checkFilePath);
  const gateway = await session.gateway(session.target(target));
  for (const filePath of filePaths) {
    await gateway.remove(filePath);
    printLine(session.terminal, `removed ${filePath}`);
  }
}

/** Fetches a file, byte for byte; `-` as output is standard output. What is there under its name is replaced at the end. */
export async function pull(
  session: Session,
  target: string,
  filePath: string,
  options: { readonly output?: string | undefined },
): Promise<void> {
  checkFilePath(filePath);
  const gateway = await session.gateway(session.target(target));
  const { body, size } = await gateway.open(filePath);
  const output = options.output ?? filePath.slice(filePath.lastIndexOf('/') + 1);
  if (output === '-') {
    await pipeline(body, session.terminal.stdout, { end: false }).catch((error: unknown) => {
      // Whoever reads on has what they wanted.
      if (!isErrno(error, 'EPIPE')) throw error;
    });
    return;
  }
  const file = { path: output, size: size ?? 0 };
  const progress = createProgress(session.terminal, 'downloading', [file]);
  let received = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      received += chunk.length;
      progress.reach(file, received);
      done(null, chunk);
    },
  });
  await replaceFile(output, (file) => pipeline(body, counter, file.createWriteStream({ autoClose: false })), {
    mode: 'umask',
  }).finally(progress.stop);
  printLine(session.terminal, `pulled ${output}`);
}

function checkFilePath(filePath: string): void {
  const segments = filePath.split('/');
  const isPlain = segments.every((segment) => segment !== '' && segment !== '.' && segment !== '..');
  if (isPlain && (segments.length === 3 || segments.length === 4) && filePath.endsWith('.apk')) return;
  throw new GatewayError('FILE_INVALID', `${JSON.stringify(filePath)} is no BRANCH/REPOSITORY/ARCH/FILE.apk`);
}
