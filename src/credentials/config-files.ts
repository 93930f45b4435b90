import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDockerConfig, type DockerConfig } from './docker-config.ts';

/** Reads configurations, each again when its file has changed. */
export interface ConfigFiles {
  /** Empty where there is no such file. Throws CONFIG_INVALID where it never could be understood. */
  read(file: string): Promise<DockerConfig>;
}

interface Known {
  readonly lookedAtMs: number;
  readonly version: string;
  readonly config: DockerConfig;
}

/** The file of a mounted `kubernetes.io/dockerconfigjson` secret. */
const secretName = '.dockerconfigjson';

/** Looks at a file at most once in `lookAgainMs`; a folder stands for the pull secret that is mounted there. */
export function createConfigFiles(
  { now }: { readonly now: () => number },
  { lookAgainMs }: { readonly lookAgainMs: number },
): ConfigFiles {
  const known = new Map<string, Known>();
  const reading = new Map<string, Promise<DockerConfig>>();

  const readAnew = async (file: string): Promise<DockerConfig> => {
    const lookedAtMs = now();
    const before = known.get(file);
    const found = await locate(file);
    if (found === undefined) {
      known.set(file, { lookedAtMs, version: '', config: {} });
      return {};
    }
    if (before?.version === found.version) {
      known.set(file, { ...before, lookedAtMs });
      return before.config;
    }
    try {
      const config = parseDockerConfig(await readFile(found.file, 'utf8'), found.file);
      known.set(file, { lookedAtMs, version: found.version, config });
      return config;
    } catch (error) {
      // It is being written: what it said before holds until it can be read.
      if (before === undefined || before.version === '') throw error;
      known.set(file, { ...before, lookedAtMs });
      return before.config;
    }
  };

  return {
    async read(file) {
      const before = known.get(file);
      if (before !== undefined && now() - before.lookedAtMs < lookAgainMs) return before.config;
      const running = reading.get(file) ?? readAnew(file).finally(() => reading.delete(file));
      reading.set(file, running);
      return running;
    },
  };
}

async function locate(path: string): Promise<{ readonly file: string; readonly version: string } | undefined> {
  const stats = await stat(path).catch(() => undefined);
  if (stats?.isDirectory() === true) return locate(join(path, secretName));
  return stats && { file: path, version: `${stats.mtimeMs} ${stats.size} ${stats.ino}` };
}
