import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ifThere } from '../files/errno.ts';
import { readTextFile } from '../files/text-file.ts';
import { createWatchedFile, fileVersions, type WatchedFile } from '../files/watched-file.ts';
import type { Log } from '../ports.ts';
import type { MonotonicClock } from '../time/monotonic.ts';
import { parseDockerConfig, type DockerConfig } from './docker-config.ts';

/** Reads configurations, each again when its file has changed. */
export interface ConfigFiles {
  /** Empty where there is no such file. Throws CONFIG_INVALID where it never could be understood. */
  read(file: string): Promise<DockerConfig>;
}

/** The file of a mounted `kubernetes.io/dockerconfigjson` secret. */
const secretName = '.dockerconfigjson';

/** Looks at a file at most once in `lookAgainMs`; a folder stands for the pull secret that is mounted there. */
export function createConfigFiles(
  { clock, log }: { readonly clock: MonotonicClock; readonly log?: Pick<Log, 'warn'> | undefined },
  { lookAgainMs }: { readonly lookAgainMs?: number | undefined },
): ConfigFiles {
  const watched = new Map<string, WatchedFile<DockerConfig>>();

  const watch = (path: string) =>
    createWatchedFile(clock, {
      lookAgainMs,
      version: async () => fileVersions(await fileAt(path)),
      load: async () => {
        const file = await fileAt(path);
        return parseDockerConfig((await ifThere(readTextFile(file))) ?? '', file);
      },
      // It may be half written: it is read again soon.
      onFault: (err) => log?.warn({ err, file: path }, 'a file of credentials changed and cannot be used'),
    });

  return {
    read(path) {
      const known = watched.get(path) ?? watch(path);
      watched.set(path, known);
      return known.current();
    },
  };
}

async function fileAt(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() === true ? join(path, secretName) : path;
}
