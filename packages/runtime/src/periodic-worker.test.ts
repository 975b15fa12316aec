import { expect, onTestFinished, test, vi } from 'vitest';
import { startPeriodicWorker } from './periodic-worker.ts';

const start = (options: Parameters<typeof startPeriodicWorker>[0]) => {
  const worker = startPeriodicWorker(options);
  onTestFinished(() => worker.stop());
  return worker;
};

test('repeats after the interval, and at once while there is more to do', async () => {
  let runs = 0;
  start({ intervalMs: 60_000, run: async () => (runs += 1) < 3 });
  await expect.poll(() => runs).toBe(3);

  let rounds = 0;
  start({ intervalMs: () => 1, run: async () => void (rounds += 1) });
  await expect.poll(() => rounds).toBeGreaterThan(3);
});

test('delays the first round on request', async () => {
  const run = vi.fn<() => Promise<void>>(async () => {});
  const worker = start({ intervalMs: 60_000, delayFirst: true, run });
  await worker.stop();
  expect(run).not.toHaveBeenCalled();
});

test('logs a failure once until the next success, and retries', async () => {
  const warnings: string[] = [];
  const log = { warn: (_fields: object, message: string) => warnings.push(message) };
  let runs = 0;
  const run = async () => {
    runs += 1;
    if (runs !== 3 && runs < 6) throw new Error('unavailable');
  };
  start({ intervalMs: 1, log, failureMessage: 'retrying', run });
  await expect.poll(() => runs).toBeGreaterThan(6);
  expect(warnings).toEqual(['retrying', 'retrying']);
});

test('is quiet about failures while it starts, but not about lasting or later ones', async () => {
  const failsUntil = async (success: number, startupGrace: number) => {
    const warnings: number[] = [];
    let runs = 0;
    const run = async () => {
      runs += 1;
      if (runs !== success) throw new Error('unavailable');
    };
    start({ intervalMs: 1, startupGrace, log: { warn: () => warnings.push(runs) }, run });
    await expect.poll(() => runs).toBeGreaterThan(6);
    return warnings;
  };
  expect(await failsUntil(3, 60_000)).toEqual([4]);
  expect(await failsUntil(0, 3)).toHaveLength(1);
  expect(await failsUntil(3, 0)).toEqual([1, 4]);
});

test('joins a run in progress instead of starting another', async () => {
  const gate = Promise.withResolvers<void>();
  let runs = 0;
  const worker = start({
    intervalMs: 60_000,
    run: async () => {
      runs += 1;
      await gate.promise;
    },
  });
  const both = Promise.all([worker.runNow(), worker.runNow()]);
  gate.resolve();
  await both;
  expect(runs).toBe(1);
  await worker.runNow();
  expect(runs).toBe(2);
});

test('stops after the run in progress, whose signal aborts; nothing runs afterwards', async () => {
  let runs = 0;
  const events: string[] = [];
  const outer = new AbortController();
  const worker = start({
    intervalMs: 1,
    run: async (signal) => {
      runs += 1;
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      events.push('run ended');
    },
  });
  await expect.poll(() => runs).toBe(1);
  await worker.stop();
  events.push('stopped');
  expect(events).toEqual(['run ended', 'stopped']);
  await worker.runNow();
  expect(runs).toBe(1);

  const other = start({ intervalMs: 60_000, signal: outer.signal, run: async () => {} });
  outer.abort();
  await other.ended;
});
