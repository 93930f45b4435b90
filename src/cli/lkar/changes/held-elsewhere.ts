import { isGatewayError } from '../../../errors.ts';
import { asOneLine, sayLine } from '../../shared/terminal.ts';
import type { GatewayClient } from '../http/gateway-client.ts';
import type { Session } from '../session.ts';

/**
 * Says which snapshots of a repository go on giving out what was to be gone at once, files as `ARCH/FILE` or `FILE`: they never
 * change, so somebody must end them.
 */
export async function warnOfHolders(
  { terminal }: Pick<Session, 'terminal'>,
  gateway: Pick<GatewayClient, 'snapshots' | 'packages'>,
  { branch, repository }: { readonly branch: string; readonly repository: string },
  files: readonly string[],
): Promise<void> {
  if (files.length === 0) return;
  try {
    for (const { name } of await gateway.snapshots(branch, repository)) {
      const lines = await gateway.packages({ branch: `${branch}@${name}`, repository });
      const held = lines.filter(({ filePath }) => files.some((file) => filePath.endsWith(`/${file}`)));
      for (const { filePath } of held) {
        sayLine(terminal, asOneLine(`warning: ${filePath} is still there; lkar snapshot rm ends it`));
      }
    }
  } catch (error) {
    // What was asked for is done; of a gateway that knows no snapshots there is nothing to say.
    if (!isGatewayError(error)) throw error;
  }
}

/** The files of a change, where it is none of a dry run. */
export function filesOf(change: {
  readonly dryRun: boolean;
  readonly packages: readonly { readonly architecture: string; readonly fileName: string }[];
}): readonly string[] {
  return change.dryRun ? [] : change.packages.map(({ architecture, fileName }) => `${architecture}/${fileName}`);
}
