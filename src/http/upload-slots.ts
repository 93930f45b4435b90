import { GatewayError } from '../errors.ts';

/** Room for so many uploads at once; the next one is OVERLOADED, before any of its body is read. */
export interface UploadSlots {
  /** Takes a slot and returns what gives it back. */
  take(): () => void;
}

export function createUploadSlots(maxUploads: number, onChange?: (taken: number) => void): UploadSlots {
  let taken = 0;
  return {
    take() {
      if (taken >= maxUploads) throw new GatewayError('OVERLOADED', `${taken} uploads are under way; try again soon`);
      taken += 1;
      onChange?.(taken);
      return () => {
        taken -= 1;
        onChange?.(taken);
      };
    },
  };
}
