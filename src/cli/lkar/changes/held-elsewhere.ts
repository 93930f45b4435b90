import { isGatewayError } from '../../../errors.ts';
import { snapshotsNote } from '../../../protocol/lifecycle.ts';
import { asOneLine, sayLine } from '../../shared/terminal.ts';
import type { GatewayClient } from '../http/gateway-client.ts';
import type { ChangeLine } from '../http/gateway-lines.ts';
import type { Session } from '../session.ts';

/** Snapshots whose listings are read: each may be megabytes. */
const maxLooked = 20;

/**
 * Says which snapshots of a repository go on giving out what was to be gone at once, files as `ARCH/FILE` or `FILE`: they never
 * change, so somebody must end them. False where that isn't known of all: then what the gateway says of them stands.
 */
export async function warnOfHolders(
  { terminal }: Pick<Session, 'terminal'>,
  gateway: Pick<GatewayClient, 'snapshots' | 'packages'>,
  { branch, repository }: { readonly branch: string; readonly repository: string },
  files: readonly string[],
): Promise<boolean> {
  if (files.length === 0) return true;
  const wanted = new Set(files);
  try {
    const snapshots = await gateway.snapshots(branch, repository);
    for (const { name } of snapshots.slice(0, maxLooked)) {
      const lines = await gateway.packages({ branch: `${branch}@${name}`, repository });
      for (const { filePath } of lines) {
        const [architecture = '', file = ''] = filePath.split('/').slice(-2);
        if (wanted.has(`${architecture}/${file}`) || wanted.has(file))
          sayLine(terminal, asOneLine(`warning: ${filePath} is still there; lkar snapshot rm ends it`));
      }
    }
    const others = snapshots.length - maxLooked;
    if (others > 0) sayLine(terminal, `warning: ${others} older snapshots were not looked at`);
    return others <= 0;
  } catch (error) {
    // What was asked for is done; of a gateway that knows no snapshots there is nothing to say.
    if (!isGatewayError(error)) throw error;
    return false;
  }
}

/** A change at once with no more notes than are needed: who holds its files still is said by name, where that is known. */
export async function warnedChange(
  session: Pick<Session, 'terminal'>,
  gateway: Pick<GatewayClient, 'snapshots' | 'packages'>,
  place: { readonly branch: string; readonly repository: string },
  change: ChangeLine,
): Promise<ChangeLine> {
  if (change.dryRun || !(await warnOfHolders(session, gateway, place, filesOf(change)))) return change;
  return { ...change, notes: change.notes.filter((note) => !note.startsWith(snapshotsNote)) };
}

function filesOf({ packages }: ChangeLine): readonly string[] {
  return packages.map(({ architecture, fileName }) => `${architecture}/${fileName}`);
}
