import { expect, test } from 'vitest';
import { bodyOf, emptyInteraction, fromLocal, toLocal, valuesOf } from './interaction-fields.ts';

test('an instant comes back from its field, to the minute; what is no time is left to the server', () => {
  for (const instant of ['2026-01-31T23:59:00.000Z', '2026-03-29T01:30:00.000Z', '2026-07-01T00:00:00.000Z'])
    expect(fromLocal(toLocal(instant))).toBe(instant);
  expect(toLocal(null)).toBe('');
  expect(fromLocal('soon')).toBe('soon');
});

test('a new interaction sends what was typed; a changed one can clear its fields', () => {
  const values = {
    ...emptyInteraction('appointment'),
    notes: ' Fitting ',
    scheduled_at: toLocal('2026-02-01T09:00:00Z'),
  };
  expect(bodyOf(values)).toEqual({
    type: 'appointment',
    notes: 'Fitting',
    scheduled_at: '2026-02-01T09:00:00.000Z',
    priority: null,
    category: null,
  });
  expect(bodyOf({ scheduled_at: '', category: ' ' })).toEqual({ scheduled_at: null, category: null });
  expect(
    valuesOf({
      type: 'call',
      notes: 'x',
      occurred_at: '2026-02-01T09:00:00Z',
      scheduled_at: null,
      status: null,
      priority: null,
      category: null,
    } as never),
  ).toMatchObject({ status: '', scheduled_at: '' });
});
