import { Writable } from 'node:stream';
import { pino } from 'pino';
import type { Config } from '../../config/config.ts';
import type { Log } from '../../ports.ts';
import { createRequestLines } from './request-lines.ts';
import { escapeHidden, harmless } from '../shared/terminal.ts';

/** Takes whole lines, their line break included. */
export interface LineOutput {
  write(line: string): void;
}

/** A log that has to be flushed before its process ends. */
export interface ProcessLog extends Required<Log> {
  flush(): void;
}

export interface LogOptions {
  /** Where audit lines go, as JSON. Default: among the others, whatever their level. */
  readonly auditOutput?: LineOutput | undefined;
  /** What each line begins with. Default: nothing. */
  readonly fields?: Readonly<Record<string, string | number>> | undefined;
}

/**
 * A log on `output`: a JSON object a line, or short text where a person looks. Lines are written at once and in their order,
 * but for those of requests (as JSON): they wait for any other line, or for 100 ms at most.
 */
export function createLog(
  output: Writable & { readonly isTTY?: boolean },
  { level, format }: Pick<Config['log'], 'level' | 'format'>,
  { auditOutput, fields = {} }: LogOptions = {},
): ProcessLog {
  const isText = format === 'text' || (format === 'auto' && output.isTTY === true);
  const requests = createRequestLines((text) => output.write(escapeHidden(text)), JSON.stringify(fields).slice(1, -1));
  const inOrder = {
    write(line: string) {
      requests.flush();
      output.write(escapeHidden(line));
    },
  };
  const options = { base: fields, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: levelName } };
  const destination = isText ? textInto(output) : inOrder;
  const log = pino({ ...options, level }, destination);
  const auditDestination = auditOutput === output ? inOrder : (escapedInto(auditOutput) ?? destination);
  const audit = pino({ ...options, level: 'info' }, auditDestination);
  return {
    debug: log.debug.bind(log),
    info: log.info.bind(log),
    warn: log.warn.bind(log),
    error: log.error.bind(log),
    audit(fields, message) {
      audit.info({ audit: true, ...fields }, message);
    },
    isLevelEnabled: (one) => log.isLevelEnabled(one),
    request(line) {
      if (isText) log.info(line, `${line.method} ${line.path} ${line.status}`);
      else if (log.isLevelEnabled('info')) requests.add(line);
    },
    flush: () => {
      requests.flush();
    },
  };
}

function escapedInto(output: LineOutput | undefined): LineOutput | undefined {
  return (
    output && {
      write: (line) => {
        output.write(escapeHidden(line));
      },
    }
  );
}

function levelName(label: string): { level: string } {
  return { level: label };
}

/** `12:30:01 warn  message key=value`, made of the JSON lines that pino writes. */
function textInto(output: Writable): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      const lines = chunk.toString().split('\n');
      for (const line of lines) if (line !== '') output.write(`${harmless(formatLine(line)).replace(/\n/g, ' ')}\n`);
      done();
    },
  });
}

function formatLine(json: string): string {
  const { time, level, msg, err, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const facts = Object.entries(fields).map(([name, value]) => ` ${name}=${formatValue(value)}`);
  const fault = isRecord(err) ? `: ${formatValue(err['message'])}` : '';
  return `${String(time).slice(11, 19)} ${String(level).padEnd(5)} ${String(msg)}${fault}${facts.join('')}`;
}

function formatValue(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
