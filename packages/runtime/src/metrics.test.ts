import { expect, test } from 'vitest';
import {
  addCounts,
  counter,
  exposeMetrics,
  histogram,
  newMetrics,
  readGauge,
  reportCounts,
  type Metrics,
} from './metrics.ts';

const lines = async (name: string, ...sets: Metrics[]) =>
  (await exposeMetrics(...sets)).text.split('\n').filter((line) => line.startsWith(name));

test('a counter whose labels list their values starts at 0 for each', async () => {
  const tested = counter('test_listed_total', 'Test', { outcome: ['ok', 'failed'], kind: ['a'] });
  tested.add({ outcome: 'ok', kind: 'a' }, 2);
  expect(await lines('test_listed_total')).toEqual([
    'test_listed_total{outcome="ok",kind="a"} 2',
    'test_listed_total{outcome="failed",kind="a"} 0',
  ]);
});

test('a label has at most its number of values; further ones are counted as other', async () => {
  const counted = counter('test_open_total', 'Test', { reason: 2 });
  for (const reason of ['a', 'b', 'c', 'd', 'a']) counted.add({ reason });
  expect(await lines('test_open_total')).toEqual([
    'test_open_total{reason="a"} 2',
    'test_open_total{reason="b"} 1',
    'test_open_total{reason="other"} 2',
  ]);
  const observed = histogram('test_seconds', 'Test', { name: 1 }, [1]);
  for (const name of ['a', 'b', 'c']) observed.observe({ name }, 0.5);
  expect(await lines('test_seconds_count')).toEqual([
    'test_seconds_count{name="a"} 1',
    'test_seconds_count{name="other"} 2',
  ]);
});

test('a gauge that cannot be read leaves out its series only', async () => {
  const metrics = newMetrics();
  let isFailing = false;
  readGauge({
    name: 'test_read',
    help: 'Test',
    metrics,
    read: async () => {
      if (isFailing) throw new Error('unavailable');
      return [{ labels: {}, value: 7 }];
    },
  });
  readGauge({ name: 'test_other', help: 'Test', metrics, read: () => [{ labels: {}, value: 1 }] });
  expect(await lines('test_read', metrics)).toEqual(['test_read 7']);
  isFailing = true;
  expect(await lines('test_read', metrics)).toEqual([]);
  expect(await lines('test_other', metrics)).toEqual(['test_other 1']);
  isFailing = false;
  expect(await lines('test_read', metrics)).toEqual(['test_read 7']);
});

test('a parent adds what its child process counted since the last report', async () => {
  const counted = counter('test_child_total', 'Test', { outcome: ['ok'] });
  const take = reportCounts();
  counted.add({ outcome: 'ok' }, 3);
  counted.add({ outcome: 'ok' });
  const counts = take().filter(({ name }) => name === 'test_child_total');
  expect(counts).toEqual([{ name: 'test_child_total', values: { outcome: 'ok' }, count: 4 }]);
  expect(take()).toEqual([]);
  addCounts([...counts, { name: 'unknown_total', values: {}, count: 1 }]);
  expect(await lines('test_child_total')).toEqual(['test_child_total{outcome="ok"} 8']);
});
