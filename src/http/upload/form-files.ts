import type { Readable } from 'node:stream';
import { Busboy, type BusboyFileStream, type BusboyInstance } from '@fastify/busboy';
import { GatewayError, isGatewayError } from '../../errors.ts';

const maxFiles = 1000;
/** What of a file's name is told. */
const maxNameLength = 255;

/**
 * Hands each file of a multipart form (RFC 7578) to `read`, whatever its field is called, and resolves to what that gave,
 * in the form's order. Fields that aren't files are passed over. Stops at the first fault, which then names its file (`file` in
 * the details too), leaving `body` open. Throws REQUEST_INVALID for a malformed form, for one without a file and for one that ends early.
 */
export async function readFormFiles<T>(
  body: Readable,
  contentType: string,
  read: (file: Readable) => Promise<T>,
): Promise<readonly T[]> {
  const form = openForm(contentType);
  const opened: BusboyFileStream[] = [];
  form.on('file', (_field: string, file: BusboyFileStream) => opened.push(file));
  try {
    const files = await filesOf(body, form, read);
    if (files.length === 0) throw malformed('has no file');
    return files;
  } finally {
    body.unpipe(form);
    form.destroy();
    // Files after the faulty one would wait for their rest for ever.
    for (const file of opened) file.destroy();
  }
}

function openForm(contentType: string): BusboyInstance {
  try {
    const limits = { files: maxFiles, parts: 2 * maxFiles, fieldSize: 4096, headerPairs: 50 };
    return new Busboy({ headers: { 'content-type': contentType }, limits });
  } catch (cause) {
    throw malformed('has no boundary', cause);
  }
}

function filesOf<T>(body: Readable, form: BusboyInstance, read: (file: Readable) => Promise<T>): Promise<T[]> {
  return new Promise((resolve, reject) => {
    const files: Promise<T>[] = [];
    form.on('file', (_field: string, file: BusboyFileStream, name: string | undefined) => {
      const result = read(file).catch((error: unknown) => {
        throw named(error, name);
      });
      result.catch(reject);
      files.push(result);
    });
    form.on('filesLimit', () => {
      reject(malformed(`has more than ${maxFiles} files`));
    });
    form.on('error', (cause) => {
      reject(malformed('is malformed or cut short', cause));
    });
    form.on('finish', () => {
      Promise.all(files).then(resolve, reject);
    });
    body.on('error', reject);
    body.pipe(form);
  });
}

/** Of several files, the one at fault is told by the name that its sender gave it. */
function named(error: unknown, name = ''): unknown {
  if (!isGatewayError(error) || name === '') return error;
  const file = name.slice(0, maxNameLength);
  const details = { ...error.details, file };
  return new GatewayError(error.code, `${file}: ${error.message}`, { details, cause: error.cause });
}

function malformed(fault: string, cause?: unknown): GatewayError {
  return new GatewayError('REQUEST_INVALID', `the multipart form ${fault}`, { cause });
}
