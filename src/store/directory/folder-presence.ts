import { stat } from 'node:fs/promises';
import { GatewayError } from '../../errors.ts';
import { unlessAbsent } from './directory-fault.ts';

/** Tells a store that holds nothing from one whose folder went away, as an unmounted disk does. */
export interface FolderPresence {
  /** Throws STORE_UNAVAILABLE where the folder was there and isn't any more. */
  refuseVanished(): Promise<void>;
  /** A finding that shows something proves that the folder is there; one that shows nothing is believed only while it is. */
  believed<T>(finding: T): Promise<T>;
}

export function createFolderPresence(folder: string): FolderPresence {
  const isThere = async () => (await unlessAbsent(stat(folder))) !== undefined;
  const wasThere = isThere().catch(() => false);
  let isSeen = false;
  const refuseVanished = async () => {
    if (await isThere()) isSeen = true;
    else if (isSeen || (await wasThere)) throw vanished();
  };
  return {
    refuseVanished,
    async believed(finding) {
      if (finding === undefined || (Array.isArray(finding) && finding.length === 0)) await refuseVanished();
      else isSeen = true;
      return finding;
    },
  };
}

function vanished(): GatewayError {
  const details = { reason: 'ENOENT' };
  return new GatewayError('STORE_UNAVAILABLE', 'the store’s folder is gone: is its disk mounted?', { details });
}
