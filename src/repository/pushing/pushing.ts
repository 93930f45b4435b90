import type { Store } from '../../store/store.ts';
import { createAnswerTime } from '../publishing/answer-time.ts';
import type { ImmutableIndexes } from '../publishing/immutable-indexes.ts';
import { refuseSnapshot, unknownFile } from '../publishing/refusals.ts';
import type { Change, ChangeOptions, ChangePackages, RepositoryLifecycle, Selection } from '../service/lifecycle.ts';
import type { RepositoryPublishing } from '../service/publishing.ts';
import { nothingSelected } from './change-answer.ts';
import { deleteFile, deleteFiles } from './delete-files.ts';
import { publishFiles } from './publish.ts';
import { restoreFiles } from './restore-files.ts';
import { withdrawFiles } from './withdraw-files.ts';
import type { Work } from './work.ts';
import type { Works, WorksOptions } from './works.ts';

export interface PushingDeps extends Pick<Work, 'clock'> {
  readonly store: Store;
  readonly works: Works;
  readonly immutable: ImmutableIndexes;
}

/** The half of the service that changes something. */
export function createPushing(
  { store, works, immutable, clock }: PushingDeps,
  { publishTimeoutMs }: Pick<WorksOptions, 'publishTimeoutMs'>,
): RepositoryPublishing & RepositoryLifecycle {
  const bySelection =
    (work: (work: Work, selection: Selection, options?: ChangeOptions) => Promise<Change>): ChangePackages =>
    (at, selection, caller, options) =>
      works.change(at, caller, nothingSelected([...(selection.files ?? []), ...(selection.names ?? [])], at), (begun) =>
        work(begun, selection, options),
      );

  return {
    async begin(at, caller, call = {}) {
      refuseSnapshot(at);
      const image = store.image(at.image, caller.credentials, caller.requestId);
      const time = createAnswerTime(clock, publishTimeoutMs, at);
      const signal = AbortSignal.any([time.signal, ...(call.signal === undefined ? [] : [call.signal])]);
      const begun = image.startUpload({ ...time.call(), signal });
      const upload = await time.within(begun).catch((error: unknown) => {
        time.end();
        throw error;
      });
      const cancel = async () => {
        time.end();
        await upload.cancel();
      };
      try {
        // Told only to those who may push: it is a word about an image that others may not know of.
        immutable.refuse(at.image);
      } catch (error) {
        await cancel();
        throw error;
      }
      time.pause();
      return {
        ahead: upload.ahead && ((size) => upload.ahead?.(size, { signal })),
        async commit(files, options = {}) {
          time.renew();
          const work = works.on(at, caller, image, time);
          return await time.within(publishFiles(work, upload, files, options)).finally(cancel);
        },
        cancel,
      };
    },

    withdraw: (at, file, caller, options) =>
      works.change(at, caller, unknownFile(file, []), (work) => deleteFile(work, file, options)),
    deleteFiles: bySelection(deleteFiles),
    withdrawFiles: bySelection(withdrawFiles),
    restoreFiles: bySelection(restoreFiles),
  };
}
