import { afterEach, expect, test, vi } from 'vitest';
import { exposeMetrics } from './metrics.ts';
import { measureRateLimit } from './rate-limit-metrics.ts';

afterEach(() => {
  vi.useRealTimers();
});

const ratio = async () =>
  /^clientela_rate_limit_remaining_ratio\{name="tested"\} (\S+)$/m.exec((await exposeMetrics()).text)?.[1];

test('the metric of a rate limit is the lowest share of the last minute, and recovers', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  measureRateLimit('tested', { limit: 10, remaining: 9 });
  measureRateLimit('tested', { limit: 10, remaining: 2 });
  measureRateLimit('tested', { limit: 10, remaining: 7 });
  expect(await ratio()).toBe('0.2');
  vi.advanceTimersByTime(61_000);
  measureRateLimit('tested', { limit: 10, remaining: 8 });
  expect(await ratio()).toBe('0.2');
  vi.advanceTimersByTime(61_000);
  expect(await ratio()).toBe('0.8');
  vi.advanceTimersByTime(121_000);
  expect(await ratio()).toBe('1');
});
