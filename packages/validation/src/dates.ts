import { z } from 'zod';
import { check } from './check.ts';

const range = { from: Date.parse('0001-01-01T00:00:00Z'), to: Date.parse('9999-12-31T23:59:59.999Z') };
const isInRange = (text: string) => !(Date.parse(text) < range.from || Date.parse(text) > range.to);
const toUtc = (text: string) => (Number.isNaN(Date.parse(text)) ? text : new Date(text).toISOString());

/** An instant in ISO 8601 with a zone. Converted to UTC with milliseconds. */
export const Instant = z.iso
  .datetime({ offset: true, error: 'must be an ISO 8601 time with a zone' })
  .check(check(isInRange, 'must be in the years 1 to 9999'))
  .overwrite(toUtc)
  .meta({ format: 'date-time' });

const dateOnly = /^\d{4}-\d{2}-\d{2}$/;

/** A bound of a time filter: an instant, or a date that stands for its instant at `time` (UTC). */
const queryBound = (time: string) =>
  z
    .string('must be given once')
    .overwrite((text) => (dateOnly.test(text) ? `${text}T${time}Z` : text))
    .pipe(Instant)
    .meta({ type: 'string', examples: ['2026-01-31', '2026-01-31T12:00:00Z'] });

/** The inclusive lower bound of a time filter. A date means its first millisecond. */
export const queryFrom = queryBound('00:00:00.000');
/** The inclusive upper bound of a time filter. A date means its last millisecond. */
export const queryTo = queryBound('23:59:59.999');

/** A date of birth: a valid date that is not in the future in any time zone. */
export const Birthday = z.iso
  .date('must be a date (YYYY-MM-DD)')
  .refine((day) => day >= '0001-01-01' && Date.parse(day) <= Date.now() + 14 * 3_600_000, 'must not be in the future')
  .meta({ format: 'date' });
