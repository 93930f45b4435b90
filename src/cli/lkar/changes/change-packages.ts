import { GatewayError } from '../../../errors.ts';
import type { OutputFormat } from '../../shared/output-format.ts';
import type { ChangeVerb } from '../../../protocol/lifecycle.ts';
import { namesOf, type FromFile } from '../commands/names-from-file.ts';
import type { Session } from '../session.ts';
import { warnedChange } from './held-elsewhere.ts';
import { reporting, type RepositoryPlace } from './change-report.ts';

export interface ChangeOptions extends FromFile {
  /** Names of packages; `*` stands for any text. */
  readonly name?: readonly string[] | undefined;
  readonly reason?: string | undefined;
  /** Whether nobody fetches the bytes from now on. */
  readonly now?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
  readonly output: OutputFormat;
}

/**
 * Has packages of a repository changed, all at once: those whose files are given, as `ARCH/FILE` or `FILE`, also with the
 * repository before them as a listing has it, and those of the names.
 */
export async function changePackages(
  session: Session,
  verb: ChangeVerb,
  place: RepositoryPlace,
  given: readonly string[],
  { name: names = [], reason, now, dryRun, fromFile, output }: ChangeOptions,
): Promise<void> {
  const isByName = names.length > 0 && given.length === 0 && fromFile === undefined;
  const named = isByName ? [] : await namesOf(session, given, { fromFile }, 'file');
  const { branch, repository } = place;
  const files = named.map((file) => withoutPlace(file, `${branch}/${repository}/`));
  const target = session.target(place.target);
  const gateway = await session.gateway(target);
  await reporting(session, output, async (report) => {
    const change = await gateway.post(branch, repository, verb, { files, names, reason, now, dryRun });
    const told = now === true ? await warnedChange(session, gateway, place, change) : change;
    report.add({ image: target.image, branch, repository }, told);
  });
}

function withoutPlace(file: string, place: string): string {
  const rest = file.startsWith(place) ? file.slice(place.length) : file;
  if (rest.split('/').length <= 2 && rest.endsWith('.apk')) return rest;
  throw new GatewayError('FILE_INVALID', `${JSON.stringify(file)} is no ARCH/FILE.apk of ${place.slice(0, -1)}`);
}
