import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { EnvHttpProxyAgent, errors, interceptors, request } from 'undici';
import { GatewayError } from '../../../errors.ts';
import { proxiesOf, type Proxies } from '../../../config/proxies.ts';
import { connectOptions, proxiedOptions } from '../../../connecting/connect-options.ts';

/** One request. */
export interface HttpRequest {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** Opens the body, again for each try. */
  readonly body?: (() => Readable) | undefined;
}

/** Its answer, whose body must be read or destroyed. */
export interface HttpAnswer {
  readonly status: number;
  header(name: string): string | undefined;
  readonly body: Readable;
  /** Whether it was asked more than once: the answers before may have been lost. */
  readonly isRepeated?: boolean;
}

/** Speaks HTTP(S), through a proxy where it is told of one. */
export interface HttpClient {
  /**
   * Follows redirects of a GET: to another host without credentials. Throws STORE_UNAVAILABLE where nobody answers,
   * STORE_ANSWER_INVALID for redirects that lead nowhere.
   */
  send(request: HttpRequest): Promise<HttpAnswer>;
  close(): Promise<void>;
}

export interface HttpClientOptions {
  /** Doesn't check certificates. Default: checks them. */
  readonly isInsecure?: boolean | undefined;
  /** PEM file of certificate authorities, instead of the usual ones. */
  readonly caFile?: string | undefined;
  /** Default: none. */
  readonly proxies?: Proxies | undefined;
  /** Ends what is under way, with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called with each request and answer, without credentials. */
  readonly trace?: ((line: string) => void) | undefined;
}

const maxRedirects = 5;
const connectMs = 10_000;
// A publish may wait for others before it is answered.
const answerTimeoutMs = 10 * 60_000;

/** An HTTP client. Throws FILE_INVALID where the file of authorities can't be read. */
export function createHttpClient(options: HttpClientOptions = {}): HttpClient {
  const { isInsecure, caFile, proxies = proxiesOf({}), signal, trace } = options;
  const ca = caFile === undefined ? undefined : readAuthorities(caFile);
  const agent = new EnvHttpProxyAgent({
    ...proxies,
    ...proxiedOptions(connectOptions({ connectMs, ca, isInsecure }), {}),
    headersTimeout: answerTimeoutMs,
    bodyTimeout: answerTimeoutMs,
  });
  // Its body is read once: a push isn't sent on.
  const following = agent.compose(interceptors.redirect({ maxRedirections: maxRedirects }));

  const sendTo = async (url: URL, { method, headers = {}, body }: HttpRequest): Promise<Arrived> => {
    try {
      const {
        statusCode,
        headers: given,
        body: content,
        context,
      } = await request(url, {
        ...{ method, headers, body: body?.() ?? null, signal: signal ?? null },
        dispatcher: method === 'GET' ? following : agent,
      });
      // A body that is destroyed before its end says so by an error, which would end the process where nobody listens.
      content.on('error', () => undefined);
      const from = lastOf(context) ?? url;
      trace?.(`${method} ${url.href} -> ${from.origin === url.origin ? '' : `${from.origin} `}${statusCode}`);
      return { from, status: statusCode, header: (name) => firstOf(given[name]), body: content };
    } catch (error) {
      trace?.(`${method} ${url.href} -> ${String(error)}`);
      throw asUnreachable(error, url);
    }
  };

  return {
    async send(asked) {
      const answer = await sendTo(asked.url, asked);
      if (!hasLostCredentials(asked, answer)) return answer;
      answer.body.destroy();
      return sendTo(answer.from, asked);
    },
    close: () => agent.close(),
  };
}

interface Arrived extends HttpAnswer {
  /** Who answered, behind all redirects. */
  readonly from: URL;
}

/** Where redirects led; undici keeps the way in its context, and has none for a request that follows no redirect. */
function lastOf(context: unknown): URL | undefined {
  const { history } = (context ?? {}) as { readonly history?: readonly URL[] };
  return history?.at(-1);
}

/** From `http://host` to `https://host` is another origin, and still the one that the credentials are meant for. */
function hasLostCredentials({ url, headers }: HttpRequest, { status, from }: Arrived): boolean {
  const isUpgrade = url.protocol === 'http:' && from.protocol === 'https:' && url.hostname === from.hostname;
  return status === 401 && isUpgrade && headers?.['authorization'] !== undefined;
}

function asUnreachable(error: unknown, url: URL): unknown {
  if (error instanceof errors.RequestContentLengthMismatchError) {
    return new GatewayError('FILE_INVALID', 'a file changed while it was sent', { cause: error });
  }
  if (!(error instanceof Error) || error.name === 'AbortError' || error instanceof GatewayError) return error;
  if (/^(Redirect loop|Invalid URL)/.test(error.message)) {
    const fault = `${url.origin} redirects in circles, or to what is no address`;
    return new GatewayError('STORE_ANSWER_INVALID', fault, { cause: error });
  }
  const { message } = error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const said = message.includes(code) ? message : `${message} (${code})`;
  const isPlain = /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|wrong version number|packet length too long/.test(said);
  const reason = isPlain ? "it doesn't speak TLS; -H speaks plain HTTP" : said;
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
