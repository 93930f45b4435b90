import type { RequestLine } from '../../ports.ts';

/** The log's lines of answered requests, gathered: a write for each would cost about as much as the answer. */
export interface RequestLines {
  add(line: RequestLine): void;
  /** Hands over what is gathered. */
  flush(): void;
}

/** No more than a pipe takes at once (PIPE_BUF of Linux): what several processes write there doesn't mix. */
const maxBytes = 4096;
/** How long a line may wait. */
const maxAgeMs = 100;

/**
 * Gathers lines of JSON, at most 4 KiB for at most 100 ms, then hands them to `write`. `base` is what every line begins
 * with, as `"key":value` pairs.
 */
export function createRequestLines(write: (text: string) => void, base = ''): RequestLines {
  let gathered = '';
  let bytes = 0;
  let timer: NodeJS.Timeout | undefined;
  const prefix = `{"level":"info",${base === '' ? '' : `${base},`}"time":"`;
  const timeOf = createTimeTexts();

  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    const text = gathered;
    gathered = '';
    bytes = 0;
    if (text !== '') write(text);
  };

  return {
    add(line) {
      const text = `${prefix}${timeOf(Date.now())}",${formatFields(line)}\n`;
      const more = Buffer.byteLength(text);
      if (bytes + more > maxBytes) flush();
      gathered += text;
      bytes += more;
      // Whoever ends the process flushes first; a line alone is no reason to keep it running.
      timer ??= setTimeout(flush, maxAgeMs).unref();
    },
    flush,
  };
}

/** Made of parts: JSON.stringify of the whole takes twice as long. */
function formatFields(line: RequestLine): string {
  const { requestId, method, path, userAgent, status, durationMs, remote, isAborted } = line;
  const agent = userAgent === undefined ? '' : `"userAgent":${JSON.stringify(userAgent)},`;
  const peer = remote === undefined ? '' : `"remote":"${remote}",`;
  const aborted = isAborted ? '"isAborted":true,' : '';
  return (
    `"requestId":"${requestId}","method":"${method}","path":${JSON.stringify(path)},${agent}` +
    `"status":${status},"durationMs":${durationMs},${peer}${aborted}` +
    `"msg":${JSON.stringify(`${method} ${path} ${status}`)}}`
  );
}

/** Times as ISO 8601 has them; many lines share a millisecond. */
function createTimeTexts(): (ms: number) => string {
  let lastMs = Number.NaN;
  let lastText = '';
  return (ms) => {
    if (ms !== lastMs) {
      lastMs = ms;
      lastText = new Date(ms).toISOString();
    }
    return lastText;
  };
}
