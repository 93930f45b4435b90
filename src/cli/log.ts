import { Writable } from 'node:stream';
import { pino } from 'pino';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { harmless } from './terminal.ts';

/** A logger that writes to `output`: a JSON object a line, or short text where a person looks. */
export function createLog(output: Writable & { readonly isTTY?: boolean }, { level, format }: Config['log']): Logger {
  const isText = format === 'text' || (format === 'auto' && output.isTTY === true);
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: levelName } };
  return pino(options, isText ? textInto(output) : output);
}

function levelName(label: string): { level: string } {
  return { level: label };
}

/** `12:30:01 warn  message key=value`, made of the JSON lines that pino writes. */
function textInto(output: Writable): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      const lines = chunk.toString().split('\n');
      for (const line of lines) if (line !== '') output.write(`${harmless(formatLine(line))}\n`);
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
