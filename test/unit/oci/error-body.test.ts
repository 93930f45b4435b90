import { describe, expect, it } from 'vitest';
import { parseErrorBody } from '../../../src/oci/error-body.ts';

const cases: [string, { code: string; message: string }[]][] = [
  ['', []],
  ['  \n', []],
  [
    '{"errors":[{"code":"NAME_UNKNOWN","message":"unknown","detail":{"name":"a"}}]}',
    [{ code: 'NAME_UNKNOWN', message: 'unknown' }],
  ],
  ['{"errors":[{"code":"denied","message":"no","detail":"why"}]}', [{ code: 'DENIED', message: 'no: why' }]],
  [
    '{"errors":[7,{"code":"A"},{"code":"B","message":null}]}',
    [
      { code: 'A', message: '' },
      { code: 'B', message: '' },
    ],
  ],
  ['{"errors":[]}', [{ code: '', message: '{"errors":[]}' }]],
  ['{"message":"Not Found"}', [{ code: '', message: 'Not Found' }]],
  ['{"details":"incorrect username or password"}', [{ code: '', message: 'incorrect username or password' }]],
  ['<html><head><title>502 Bad Gateway</title></head></html>', [{ code: '', message: '502 Bad Gateway' }]],
  ['<p>too <b>many</b></p>', [{ code: '', message: 'too many' }]],
  ['retry-after: 10.3ms\r\n\u001b[31mred', [{ code: '', message: 'retry-after: 10.3ms [31mred' }]],
  ['{"errors":[{"code":"CUT","mess', [{ code: '', message: '{"errors":[{"code":"CUT","mess' }]],
];

describe('parseErrorBody', () => {
  it.each(cases)('of %j', (body, expected) => {
    expect(parseErrorBody(Buffer.from(body))).toEqual(expected);
  });

  it('bounds what it makes of a long body', () => {
    expect(parseErrorBody(Buffer.alloc(100_000, 'a'))[0]?.message).toHaveLength(300);
    expect(parseErrorBody(Buffer.from([0xff, 0xfe, 0x00]))).toHaveLength(1);
  });
});
