import type { PushDocument } from '../../protocol/documents.ts';
import type { PublishedPackage } from '../../repository/service/publishing.ts';
import { jsonAnswer, textAnswer } from '../answer/answer.ts';
import { wantedJson } from '../request/accept.ts';
import type { PublishedUpload } from './publisher.ts';

/** The answer to a push: 201, or 200 where all of it was there already; lines or an object for each file. */
export function publishAnswer(upload: PublishedUpload, accept: string | undefined): Response {
  const status = statusOfPush(upload);
  if (wantedJson(accept) !== undefined) return jsonAnswer(status, describePush(upload));
  const lines = upload.packages.flatMap((pkg) => [
    `${pkg.outcome} ${filePathOf(upload, pkg)} ${pkg.digest}`,
    ...pkg.warnings.map((warning) => `warning: ${pkg.fileName}: ${warning}`),
  ]);
  return textAnswer(status, lines.join('\n'));
}

/** 201 where anything is new. */
export function statusOfPush(upload: PublishedUpload): 200 | 201 {
  return upload.packages.every((pkg) => pkg.outcome === 'unchanged') ? 200 : 201;
}

/** The same as a document. */
export function describePush(upload: PublishedUpload): PushDocument {
  const describe = (pkg: PublishedPackage) => ({
    ...pkg,
    warnings: [...pkg.warnings],
    filePath: filePathOf(upload, pkg),
  });
  return { packages: upload.packages.map(describe) };
}

function filePathOf({ at }: PublishedUpload, pkg: PublishedPackage): string {
  return [at.branch, at.repository, pkg.architecture, pkg.fileName].join('/');
}
