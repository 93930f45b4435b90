import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { EnvHttpProxyAgent, errors, request } from 'undici';
import { GatewayError } from '../../errors.ts';

/** One request. */
export interface HttpRequest {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** Opens the body, anew for each try. */
  readonly body?: (() => Readable) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Its answer; whoever gets one must read or destroy the body. */
export interface HttpAnswer {
  readonly status: number;
  header(name: string): string | undefined;
  readonly body: Readable;
  /** Whether it was asked more than once: the answers before may have been lost. */
  readonly isRepeated?: boolean;
}

/** Speaks HTTP(S), through the proxies that HTTP_PROXY, HTTPS_PROXY and NO_PROXY name. */
export interface HttpClient {
  /** Follows redirects of a GET, to another origin without credentials. Throws STORE_UNAVAILABLE where nobody answers. */
  send(request: HttpRequest): Promise<HttpAnswer>;
  close(): Promise<void>;
}

export interface HttpClientOptions {
  /** Doesn't check certificates. Default: checks them. */
  readonly isInsecure?: boolean | undefined;
  /** PEM file of certificate authorities, instead of the usual ones. */
  readonly caFile?: string | undefined;
  /** Is told each request and answer, without credentials. */
  readonly trace?: ((line: string) => void) | undefined;
}

const maxRedirects = 5;
// A publish may wait for others before it is answered.
const answerTimeoutMs = 10 * 60_000;

/** An HTTP client. Throws FILE_INVALID where the file of authorities can't be read. */
export function createHttpClient(options: HttpClientOptions = {}): HttpClient {
  const { isInsecure = false, caFile, trace } = options;
  const tls = { rejectUnauthorized: !isInsecure, ...(caFile !== undefined && { ca: readAuthorities(caFile) }) };
  const agent = new EnvHttpProxyAgent({
    connect: tls,
    requestTls: tls,
    headersTimeout: answerTimeoutMs,
    bodyTimeout: answerTimeoutMs,
  });

  async function sendOnce(asked: HttpRequest): Promise<HttpAnswer> {
    const { method, url, headers = {}, body, signal } = asked;
    try {
      const answer = await request(url, {
        method,
        headers,
        body: body?.() ?? null,
        signal: signal ?? null,
        dispatcher: agent,
      });
      trace?.(`${method} ${url.href} -> ${answer.statusCode}`);
      return { status: answer.statusCode, header: (name) => firstOf(answer.headers[name]), body: answer.body };
    } catch (error) {
      trace?.(`${method} ${url.href} -> ${String(error)}`);
      throw asUnreachable(error, url);
    }
  }

  return {
    async send(asked) {
      let current = asked;
      for (let redirects = 0; ; redirects += 1) {
        const answer = await sendOnce(current);
        const location = answer.header('location');
        const isRedirect = answer.status >= 300 && answer.status < 400 && location !== undefined;
        if (asked.method !== 'GET' || !isRedirect || redirects === maxRedirects) return answer;
        answer.body.destroy();
        current = redirected(current, new URL(location, current.url));
      }
    },
    close: () => agent.close(),
  };
}

function redirected(before: HttpRequest, url: URL): HttpRequest {
  if (url.origin === before.url.origin) return { ...before, url };
  const headers = Object.entries(before.headers ?? {}).filter(([name]) => name.toLowerCase() !== 'authorization');
  return { ...before, url, headers: Object.fromEntries(headers) };
}

function asUnreachable(error: unknown, url: URL): unknown {
  if (error instanceof errors.RequestContentLengthMismatchError) {
    return new GatewayError('FILE_INVALID', 'a file changed while it was sent', { cause: error });
  }
  if (!(error instanceof Error) || error.name === 'AbortError' || error instanceof GatewayError) return error;
  const { message } = error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const reason = message.includes(code) ? message : `${message} (${code})`;
  return new GatewayError('STORE_UNAVAILABLE', `${url.origin} can't be reached: ${reason}`, { cause: error });
}

function readAuthorities(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new GatewayError('FILE_INVALID', `--ca-file ${file} can't be read`, { cause });
  }
}

function firstOf(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0];
}
