import { expect, it } from 'vitest';
import { createLog } from '../../../../src/cli/lkard/log.ts';
import { aTerminal } from '../../../support/a-terminal.ts';

it('a log is JSON in a pipe, with a level that is a word', () => {
  const terminal = aTerminal();
  createLog(terminal.stdout, { level: 'info', format: 'auto' }).warn({ key: 'a' }, 'hello');
  expect(JSON.parse(terminal.printed())).toMatchObject({ level: 'warn', key: 'a', msg: 'hello' });
});

it('a log is text where that is asked for, without what a terminal would obey', () => {
  const terminal = aTerminal();
  const log = createLog(terminal.stdout, { level: 'info', format: 'text' });
  log.debug({}, 'not this');
  log.error({ path: '/\u001b[31m', err: new Error('broken') }, 'hello');
  expect(terminal.printed()).toMatch(/^\d\d:\d\d:\d\d error hello: broken path=\/\[31m\n$/);
});

it.each(['json', 'text'] as const)(
  'no line of a log as %s, nor of the audit log, has what a terminal would obey',
  (format) => {
    const terminal = aTerminal();
    const audited: string[] = [];
    const auditOutput = { write: (line: string) => void audited.push(line) };
    const log = createLog(terminal.stdout, { level: 'info', format }, { auditOutput });
    const hostile = 'a\u001b[2J\u009b31m\u202eb\u2066\u007f';
    log.warn({ fileName: hostile }, hostile);
    log.request({ requestId: 'r1', method: 'GET', path: hostile, userAgent: hostile, status: 200, durationMs: 1 });
    log.audit({ files: [hostile] }, 'audit');
    log.flush();
    expect(terminal.printed()).toContain('GET a');
    for (const line of [terminal.printed(), ...audited])
      expect(line.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
    expect(JSON.parse(audited.join(''))).toMatchObject({ files: [hostile] });
  },
);

it('any other line follows the lines of requests before it, at once', () => {
  const terminal = aTerminal();
  const log = createLog(terminal.stdout, { level: 'info', format: 'json' }, { fields: { pid: 7 } });
  log.request({ requestId: 'r1', method: 'GET', path: '/a', status: 200, durationMs: 1 });
  expect(terminal.printed()).toBe('');
  log.warn({}, 'hello');
  const lines = terminal.printed().trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { pid: 7, msg: 'GET /a 200' },
    { pid: 7, msg: 'hello' },
  ]);
});

it('a request has no line where the level is above info', () => {
  const terminal = aTerminal();
  const log = createLog(terminal.stdout, { level: 'warn', format: 'json' });
  log.request({ requestId: 'r1', method: 'GET', path: '/a', status: 200, durationMs: 1 });
  log.flush();
  expect(terminal.printed()).toBe('');
});

it('a request is text where a person looks', () => {
  const terminal = aTerminal();
  const log = createLog(terminal.stdout, { level: 'info', format: 'text' });
  log.request({ requestId: 'r1', method: 'GET', path: '/a', status: 200, durationMs: 1 });
  expect(terminal.printed()).toMatch(/^\d\d:\d\d:\d\d info {2}GET \/a 200 requestId=r1 .*durationMs=1\n$/);
});
