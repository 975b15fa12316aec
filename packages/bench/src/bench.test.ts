import { expect, test } from 'vitest';
import { cpuTime, fromClock, fromStat } from './cpu.ts';
import { measure, median, type Side } from './measure.ts';
import { entriesOf } from './statements.ts';

test('reads the CPU time of a process', () => {
  const own = () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  };
  const start = own();
  while (own() - start < 100_000); // 0.1 s of CPU time, whatever else the machine does
  const [before, reported, after] = [own(), cpuTime(process.pid), own()];
  expect(reported).toBeGreaterThanOrEqual(before - 20_000); // user and system are each cut to hundredths of a second
  expect(reported).toBeLessThanOrEqual(after);
});

test('parses CPU times of Linux and macOS', () => {
  expect(fromStat('42 (a) 1 (b) S 1 42 42 0 -1 4194560 100 0 0 0 250 30 0 0 20 0')).toBe(2_800_000);
  expect(fromClock('  0:01.27\n')).toBe(1_270_000);
  expect(fromClock('02:03:04')).toBe(7_384_000_000);
  expect(fromClock('1-00:00:01')).toBe(86_401_000_000);
});

test('computes the median', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
});

test('rejects sides with different responses', async () => {
  const side = (body: string): Side => ({
    name: body,
    run: () => Promise.reject(new Error('no load')),
    groups: {},
    sample: async () => ({ is: body }),
  });
  const effort = { rounds: 1, seconds: 1, warm_up: { requests: 1, seconds: 1 } };
  const { signal } = new AbortController();
  await expect(measure({ name: 'x', sides: [side('a'), side('b')] }, effort, signal)).rejects.toThrow(
    'Two different responses',
  );
  await expect(measure({ name: 'x', sides: [side('a'), side('a')] }, effort, signal)).rejects.toThrow('no load');
});

test('divides the cost of ours by that of a reference, in each round', async () => {
  let time = 0;
  const side = (name: string, costs: number[], more: Partial<Side> = {}): Side => ({
    name,
    run: async () => {
      time += costs.shift() ?? 0;
      return { requests: 10, seconds: 1 };
    },
    groups: { service: () => time, PostgreSQL: () => 0 },
    ...more,
  });
  const sides = [side('ours', [0, 400, 600, 300]), side('theirs', [0, 200, 200, 200])];
  const { signal } = new AbortController();
  const found = await measure(
    { name: 'x', sides },
    { rounds: 3, seconds: 1, warm_up: { requests: 1, seconds: 1 } },
    signal,
  );
  expect(found.sides[0]).toMatchObject({ cpu: { service: 40 }, rate: 10, spread: 0.75, ratios: undefined });
  expect(found.sides[1]?.ratios).toEqual({ against: 'ours', node: 2, postgres: undefined });
});

test("reads the statements and values of the server's log", () => {
  const log = [
    '1795747000.123|clientela_customer|customer|41|LOG:  execute find_customer: select *',
    '\t  from customers where id = $1',
    "1795747000.123|clientela_customer|customer|41|DETAIL:  Parameters: $1 = 'it''s', $2 = NULL",
    '1795747000.125|clientela_customer|customer|41|LOG:  execute <unnamed>: select 2',
    '1795747000.130|clientela_customer|bench|42|LOG:  statement: select 1',
    '1795747000.131|clientela_auth|auth|43|LOG:  statement: BEGIN;',
    '',
  ].join('\n');
  expect(entriesOf(log)).toMatchObject([
    { name: 'find_customer', text: 'select *\n  from customers where id = $1', values: ["it's", null] },
    { database: 'clientela_customer', name: undefined, text: 'select 2' },
    { database: 'clientela_auth', session: '43', text: 'BEGIN;', values: [] },
  ]);
});
