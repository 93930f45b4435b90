import { homedir } from 'node:os';

/** The home folder of the user; undefined for a user that the system doesn't know, as containers have them. */
export function homeFolder(): string | undefined {
  try {
    const folder = homedir();
    return folder === '' ? undefined : folder;
  } catch {
    return undefined;
  }
}
