import { expect, test } from 'vitest';
import { planPeriod, startOf } from './period.ts';
import type { AnalyticsSearch } from './search.ts';

const today = '2026-03-29'; // a Sunday

const planned = (search: AnalyticsSearch) => {
  const { plan, fitting } = planPeriod(search, today);
  return plan && [plan.interval, plan.count, plan.first, plan.last, plan.before, fitting];
};
const range = (first: string, last: string) => ({ first, last });
const all = ['day', 'week', 'month'];

test('counts whole intervals of the period, and as many right before', () => {
  expect(planned({})).toEqual(['day', 30, '2026-02-28', today, range('2026-01-29', '2026-02-27'), all]);
  expect(planned({ period: '7d', compare: 'off' })).toEqual(['day', 7, '2026-03-23', today, undefined, all]);
  expect(planned({ period: '90d' })).toEqual(['week', 13, '2025-12-29', today, range('2025-09-29', '2025-12-28'), all]);
  expect(planned({ period: '12m' })).toEqual([
    'month',
    12,
    '2025-04-01',
    '2026-03-31',
    range('2024-04-01', '2025-03-31'),
    ['week', 'month'],
  ]);
  expect(planned({ period: '24m', interval: 'week' })?.slice(0, 3)).toEqual(['week', 104, '2024-04-01']);
});

test('takes days of one’s own, of which one may be missing', () => {
  expect(planned({ from: '2026-01-31', to: '2026-02-02', period: '12m' })?.slice(0, 4)).toEqual([
    'day',
    3,
    '2026-01-31',
    '2026-02-02',
  ]);
  expect(planned({ from: '2026-03-28' })?.slice(1, 4)).toEqual([2, '2026-03-28', today]);
  expect(planned({ to: '2024-02-29' })?.slice(1, 4)).toEqual([30, '2024-01-31', '2024-02-29']);
  expect(planned({ from: '2026-01-31', to: '2026-02-02', interval: 'month' })?.slice(0, 4)).toEqual([
    'month',
    2,
    '2026-01-01',
    '2026-02-28',
  ]);
  expect(planPeriod({ from: '2026-03-02', to: '2026-03-01' }, today)).toEqual({
    from: '2026-03-02',
    to: '2026-03-01',
    fitting: [],
    error: 'order',
  });
});

test('asks for at most the points of one answer, half of them when two periods are compared', () => {
  const days = (from: string, rest: AnalyticsSearch = {}) =>
    planned({ from, to: '2026-03-29', interval: 'day', ...rest });
  expect(days('2025-09-11')?.slice(0, 2)).toEqual(['day', 200]);
  expect(days('2025-09-10')?.[0]).toBe('week'); // 201 days: the interval of the address does not fit
  expect(days('2025-02-23', { compare: 'off' })?.slice(0, 2)).toEqual(['day', 400]);
  expect(days('2025-02-22', { compare: 'off' })?.[0]).toBe('month');
  expect(planned({ from: '2009-08-01' })?.slice(0, 2)).toEqual(['month', 200]);
  expect(planPeriod({ from: '2009-07-31' }, today)).toMatchObject({ error: 'tooLong' });
  expect(planned({ from: '2009-07-31', compare: 'off' })?.slice(0, 2)).toEqual(['month', 201]);
});

test('knows whether the last interval is over', () => {
  const isRunning = (search: AnalyticsSearch) => planPeriod(search, today).plan?.isRunning;
  expect(isRunning({})).toBe(true);
  expect(isRunning({ to: '2026-03-28' })).toBe(false);
  expect(isRunning({ to: '2026-03-28', interval: 'week' })).toBe(true);
});

test('begins weeks on Monday, and years in January', () => {
  expect(startOf('week', '2026-01-01')).toBe('2025-12-29');
  expect(startOf('week', '2025-12-29')).toBe('2025-12-29');
  expect(startOf('month', '2026-03-31', -1)).toBe('2026-02-01');
  expect(startOf('month', '2026-01-31', -13)).toBe('2024-12-01');
});
