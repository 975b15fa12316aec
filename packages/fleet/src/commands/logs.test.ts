import { expect, test } from 'vitest';
import { formatLine, orderByTime } from './logs.ts';

test('shows the lines of all processes in the order of their times, with what continues a line behind it', () => {
  const shown: string[] = [];
  const { add, flush } = orderByTime((name, line) => shown.push(`${name} ${line}`), 750);
  add('auth', '[2026-01-31 12:00:01.000] ERROR: late');
  add('auth', '    at some.ts:1');
  add('fleet', `${new Date('2026-01-31T12:00:01.500').toISOString()} ready`);
  add('auth', '[2026-01-31 12:00:04.500] INFO: newest');
  add('gateway', 'the rest of a line');
  add('gateway', '[2026-01-31 12:00:00.999] INFO: early');
  const utc = new Date('2026-01-31T12:00:02.000').toISOString();
  add('product', `{"level":"info","service":"product","time":"${utc}","msg":"later"}`);
  const now = Date.parse('2026-01-31T12:00:05.000');
  flush(now);
  expect(shown.map((line) => line.replace(/\S*\d\d:\d\d:\S*/, '').replaceAll(/ +/g, ' '))).toEqual([
    'gateway the rest of a line',
    'gateway [2026-01-31 INFO: early',
    'auth [2026-01-31 ERROR: late',
    'auth at some.ts:1',
    expect.stringMatching(/^fleet .*ready$/),
    expect.stringContaining('product'),
  ]);
  flush(now + 1000);
  expect(shown.at(-1)).toBe('auth [2026-01-31 12:00:04.500] INFO: newest');
  flush(now + 2000);
  expect(shown).toHaveLength(7);
});

test('a terminal gets lines of its width, but problems and earlier days whole', () => {
  const format = (line: string, columns?: number) => formatLine('auth', line, columns, '2026-01-31');
  const request = '[2026-01-31 12:00:00.000] INFO: GET /api/customers 200 3.1 ms {"request_id":"some"}';
  expect(format(request)).toBe(`auth        | ${request.replace('2026-01-31 ', '')}`);
  expect(format(request, 40)).toBe('auth        | [12:00:00.000] INFO: GET …');
  const problem = '[2026-01-30 12:00:00.000] ERROR: unexpected error {"request_id":"some"}';
  expect(format(problem, 40)).toBe(`auth        | ${problem}`);
});
