import { expect, test } from 'vitest';
import { cpuTime, fromClock, fromStat } from './cpu.ts';
import { measure, median } from './measure.ts';
import type { Load } from './load.ts';

test('reads the CPU time of a process', () => {
  const own = () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  };
  const [before, reported] = [own(), cpuTime(process.pid)];
  while (own() - before < 300_000); // 0.3 s of CPU time, whatever else the machine does
  expect(Math.abs(cpuTime(process.pid) - reported - (own() - before))).toBeLessThan(40_000);
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
  const load: Load = { run: () => Promise.reject(new Error('no load')), stop: () => {} };
  const side = (body: string) => ({ name: body, url: `data:application/json,{"is":"${body}"}`, headers: {}, pids: {} });
  const effort = { rounds: 1, seconds: 1, warm_up: 1 };
  const { signal } = new AbortController();
  await expect(measure({ name: 'x', measured: side('a'), reference: side('b') }, load, effort, signal)).rejects.toThrow(
    'Two different responses',
  );
  await expect(measure({ name: 'x', measured: side('a'), reference: side('a') }, load, effort, signal)).rejects.toThrow(
    'no load',
  );
});
