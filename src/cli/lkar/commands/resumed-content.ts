import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError, isGatewayError } from '../../../errors.ts';
import { sayLine } from '../../shared/terminal.ts';
import type { GatewayClient, OpenedFile } from '../http/gateway-client.ts';
import type { Session } from '../session.ts';

/** A file's content, and its size where the gateway says it. */
export interface ResumedContent {
  readonly size: number | undefined;
  readonly content: AsyncIterable<Uint8Array>;
}

const pauseMs = 1000;

/**
 * A file of the gateway's. Where the connection breaks in the middle, the rest is asked for (RFC 9110 section 14), so often in
 * all as the session tries requests; then STORE_UNAVAILABLE.
 */
export async function resumedContent(
  session: Pick<Session, 'terminal' | 'tries' | 'signal'>,
  gateway: Pick<GatewayClient, 'open'>,
  filePath: string,
): Promise<ResumedContent> {
  const first = await gateway.open(filePath);
  return { size: first.size, content: contentFrom(session, gateway, filePath, first) };
}

async function* contentFrom(
  { terminal, tries = 6, signal }: Pick<Session, 'terminal' | 'tries' | 'signal'>,
  gateway: Pick<GatewayClient, 'open'>,
  filePath: string,
  first: OpenedFile,
): AsyncGenerator<Uint8Array> {
  let received = 0;
  let opened = first;
  for (let attempt = 1; ; attempt += 1) {
    try {
      for await (const chunk of opened.body as AsyncIterable<Uint8Array>) {
        received += chunk.length;
        yield chunk;
      }
      if (first.size === undefined || received === first.size) return;
      throw new Error('it ended early');
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason;
      const rest = first.etag === undefined ? undefined : { from: received, etag: first.etag };
      if (attempt >= tries || rest === undefined) throw brokenOff(filePath, error);
      sayLine(terminal, `${filePath} broke off after ${received} bytes; asking for the rest`);
      await sleep(pauseMs, undefined, { signal });
      opened = await gateway.open(filePath, rest);
    }
  }
}

function brokenOff(filePath: string, cause: unknown): GatewayError {
  if (isGatewayError(cause)) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new GatewayError('STORE_UNAVAILABLE', `${filePath} broke off: ${reason}`, { cause });
}
