import { expect, it } from 'vitest';
import { createLog } from '../../../src/cli/log.ts';
import { aTerminal } from '../../support/a-terminal.ts';

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
