import { Writable, type Readable } from 'node:stream';
import { Busboy, type BusboyFileStream, type BusboyInstance } from '@fastify/busboy';
import { GatewayError, isGatewayError } from '../../errors.ts';

const maxFiles = 1000;
const maxFields = 100;
/** Bytes that are no file's content: plain fields, what is before, between and behind. */
const extraBytes = 64 * 1024;
/** The same for each file: the head of its part. */
const extraBytesOfFile = 2048;
/** What is said of a file's name. */
const maxNameLength = 255;

/** The most bytes of a form that are no file's content. */
export const maxExtraBytes = extraBytes + maxFiles * extraBytesOfFile;

/**
 * Hands each file of a multipart form (RFC 7578) to `read`, whatever its field is called, one after the other, and resolves to
 * what that gave, in the form's order. Fields that aren't files are passed over. Stops at the first fault, which then names its
 * file (`file` in the details too), leaving `body` open. Throws REQUEST_INVALID for a malformed form, for one without a file or
 * with too many and for one that ends early, SIZE_EXCEEDED for one with much that is no file.
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
    const files = await filesOf(body, form, opened, read);
    if (files.length === 0) throw malformed('has no file');
    return files;
  } finally {
    form.destroy();
    // Files after the faulty one would wait for their rest for ever.
    for (const file of opened) file.destroy();
  }
}

function openForm(contentType: string): BusboyInstance {
  try {
    const parts = maxFiles + maxFields;
    const limits = { files: maxFiles, fields: maxFields, parts, fieldSize: 4096, headerPairs: 50 };
    return new Busboy({ headers: { 'content-type': contentType }, limits });
  } catch (cause) {
    throw malformed('has no boundary', cause);
  }
}

async function filesOf<T>(
  body: Readable,
  form: BusboyInstance,
  opened: readonly BusboyFileStream[],
  read: (file: Readable) => Promise<T>,
): Promise<T[]> {
  const files: Promise<T>[] = [];
  // A file that has ended is read before more is taken in.
  const intake = intakeOf(form, opened, () => files.at(-2));
  try {
    return await new Promise((resolve, reject) => {
      form.on('file', (_field: string, file: BusboyFileStream, name: string | undefined) => {
        // One at a time: what a form makes its reader hold doesn't grow with its files.
        const result = readAfter(files.at(-1), () => read(file), name?.slice(0, maxNameLength));
        result.catch(reject);
        files.push(result);
      });
      form.on('finish', () => {
        Promise.all(files).then(resolve, reject);
      });
      rejectFaults(form, reject);
      intake.on('error', reject);
      body.on('error', reject);
      body.pipe(intake);
    });
  } finally {
    body.unpipe(intake);
  }
}

async function readAfter<T>(
  before: Promise<T> | undefined,
  read: () => Promise<T>,
  name: string | undefined,
): Promise<T> {
  await before;
  try {
    return await read();
  } catch (error) {
    throw named(error, name);
  }
}

function rejectFaults(form: BusboyInstance, reject: (error: GatewayError) => void): void {
  const limits = {
    filesLimit: `${maxFiles} files`,
    fieldsLimit: `${maxFields} plain fields`,
    partsLimit: `${maxFiles + maxFields} parts`,
  };
  for (const [event, most] of Object.entries(limits))
    form.on(event, () => {
      reject(malformed(`has more than ${most}`));
    });
  form.on('error', (cause) => {
    reject(malformed('is malformed or cut short', cause));
  });
}

/** Hands a form its bytes once what came before is done with, as long as they are for the most part files. */
function intakeOf(
  form: BusboyInstance,
  opened: readonly BusboyFileStream[],
  beforeLast: () => Promise<unknown> | undefined,
): Writable {
  let taken = 0;
  const assertMostlyFiles = () => {
    const inFiles = opened.reduce((sum, file) => sum + file.bytesRead, 0);
    if (taken - inFiles > extraBytes + extraBytesOfFile * opened.length)
      throw new GatewayError('SIZE_EXCEEDED', `the form has over ${extraBytes} bytes that are no file's content`, {
        details: { maxBytes: extraBytes, sentBy: 'caller' },
      });
  };
  return new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      taken += chunk.byteLength;
      form.write(chunk, () => {
        Promise.resolve(beforeLast())
          .then(assertMostlyFiles)
          .then(() => {
            done();
          }, done);
      });
    },
    final(done) {
      form.end();
      done();
    },
  });
}

/** Of several files, the one at fault is named by the name that its sender gave it. */
function named(error: unknown, name = ''): unknown {
  if (!isGatewayError(error) || name === '') return error;
  const details = { ...error.details, file: name };
  const { code, message, cause, told } = error;
  return new GatewayError(code, `${name}: ${message}`, { details, cause, ...(told && { told: `${name}: ${told}` }) });
}

function malformed(fault: string, cause?: unknown): GatewayError {
  return new GatewayError('REQUEST_INVALID', `the multipart form ${fault}`, { cause });
}
