import { Writable } from 'node:stream';
import { pino } from 'pino';
import type { Config } from '../config.ts';
import type { Log } from '../ports.ts';
import { harmless } from './terminal.ts';

/** Takes whole lines, their line break included. */
export interface LineOutput {
  write(line: string): void;
}

/**
 * A log that writes to `output`: a JSON object a line, or short text where a person looks. Its audit lines go to `auditOutput`
 * where there is one, as JSON; else among the others, whatever their level.
 */
export function createLog(
  output: Writable & { readonly isTTY?: boolean },
  { level, format }: Pick<Config['log'], 'level' | 'format'>,
  auditOutput?: LineOutput,
): Log {
  const isText = format === 'text' || (format === 'auto' && output.isTTY === true);
  const options = { base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: levelName } };
  const destination = isText ? textInto(output) : output;
  const log = pino({ ...options, level }, destination);
  const audit = pino({ ...options, level: 'info' }, auditOutput ?? destination);
  return {
    debug: log.debug.bind(log),
    info: log.info.bind(log),
    warn: log.warn.bind(log),
    error: log.error.bind(log),
    audit(fields, message) {
      audit.info({ audit: true, ...fields }, message);
    },
    isLevelEnabled: (one) => log.isLevelEnabled(one),
  };
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
