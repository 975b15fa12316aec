import { z } from 'zod';

// The kinds of value that more than one service takes from outside. What a schema refuses is a 422 that names the field.

const broken = /\p{Cc}/u;
const brokenButLines = /[^\P{Cc}\n\r\t]/u;
const length = (text: string) => [...text].length;

/** A rule that, broken, ends the judging of its own value; zod's `abort` ends that of the rules over a whole object too. */
const must =
  <T>(holds: (value: T) => boolean, message: string) =>
  ({ value, issues }: z.core.ParsePayload<T>): void => {
    if (!holds(value)) issues.push({ code: 'custom', message, input: value, path: [] });
  };

const cleanText = (max: number, min: number, refused: RegExp) =>
  z
    .string()
    .check(
      must(
        (text) => text.isWellFormed() && !refused.test(text),
        'must not contain control characters or broken Unicode',
      ),
    )
    .overwrite((text) => text.normalize('NFC').trim())
    .check(must((text) => length(text) >= min && length(text) <= max, `must have ${min} to ${max} characters`))
    .meta({ minLength: min, maxLength: max });

/** One line of text, trimmed, NFC; `max` and `min` count characters (code points). */
export const text = (max: number, min = 1) => cleanText(max, min, broken);

/** Text of several lines: as `text`, with line breaks and tabs. */
export const multilineText = (max: number, min = 1) => cleanText(max, min, brokenButLines);

export const Uuid = z
  .uuid('must be a UUID')
  .overwrite((id) => id.toLowerCase())
  .meta({ format: 'uuid' });

export const Email = text(254).pipe(z.email('must be an e-mail address'));

const years = { from: Date.parse('0001-01-01T00:00:00Z'), to: Date.parse('9999-12-31T23:59:59.999Z') };
const outOfRange = (text: string) => Date.parse(text) < years.from || Date.parse(text) > years.to;
const inUtc = (text: string) => (Number.isNaN(Date.parse(text)) ? text : new Date(text).toISOString());

/** An instant, ISO 8601 with a zone; becomes UTC with milliseconds. */
export const Instant = z.iso
  .datetime({ offset: true, error: 'must be an ISO 8601 time with a zone' })
  .check(must((text) => !outOfRange(text), 'must be in the years 1 to 9999'))
  .overwrite(inUtc)
  .meta({ format: 'date-time' });

const aDay = /^\d{4}-\d{2}-\d{2}$/;

/** A bound of a filter by time: an instant, or a day, which stands for its instant `at` (UTC). */
const queryBound = (at: string) =>
  z
    .string('must be given once')
    .overwrite((text) => (aDay.test(text) ? `${text}T${at}Z` : text))
    .pipe(Instant)
    .meta({ type: 'string', examples: ['2026-01-31', '2026-01-31T12:00:00Z'] });

/** From when on, inclusive; a day from its beginning. */
export const queryFrom = queryBound('00:00:00.000');
/** Until when, inclusive; a day to its end. */
export const queryTo = queryBound('23:59:59.999');

/** A day of birth: a real date, not after today anywhere on earth. */
export const Birthday = z.iso
  .date('must be a date (YYYY-MM-DD)')
  .refine((day) => day >= '0001-01-01' && Date.parse(day) <= Date.now() + 14 * 3_600_000, 'must not be in the future')
  .meta({ format: 'date' });

const plainDecimal = /^(-?)0*(\d{1,13})(?:\.(\d{1,2}))?$/;

/**
 * Money: a decimal with at most two places as string or number; becomes a string with two places.
 * @param least smallest amount taken, in hundredths
 */
export const money = (least: number) =>
  z
    .union([z.string(), z.number()], 'must be a decimal with at most two places')
    .transform((value, context) => {
      const [, sign = '', whole = '', places = ''] = plainDecimal.exec(String(value)) ?? [];
      if (!whole) {
        context.addIssue({ code: 'custom', message: 'must be a plain decimal with at most two places' });
        return z.NEVER;
      }
      const hundredths = BigInt(`${sign}${whole}${places.padEnd(2, '0')}`);
      if (hundredths < BigInt(least)) {
        context.addIssue({ code: 'custom', message: `must be at least ${(least / 100).toFixed(2)}` });
        return z.NEVER;
      }
      return `${hundredths === 0n ? '' : sign}${whole}.${places.padEnd(2, '0')}`;
    })
    .meta({ type: 'string', format: 'decimal', examples: ['1234.50'], override: { type: 'string' } });

/** Money as it is answered. */
export const Money = z
  .string()
  .regex(/^-?\d+\.\d{2}$/)
  .meta({ format: 'decimal', examples: ['1234.50'] });

const currencies = new Set(Intl.supportedValuesOf('currency'));

/** An ISO 4217 code, taken in any case. */
export const Currency = z
  .string()
  .overwrite((code) => code.toUpperCase())
  .refine((code) => currencies.has(code), 'must be an ISO 4217 currency code')
  .meta({ minLength: 3, maxLength: 3, examples: ['EUR'] });

const cleanJson = (value: unknown, depth = 0): boolean => {
  if (depth > 32) return false;
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0');
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([key, inner]) => cleanJson(key, depth) && cleanJson(inner, depth + 1));
};

/** A JSON object of at most `bytes` bytes of UTF-8, nested at most 32 deep. */
export const jsonObject = (bytes: number) =>
  z
    .record(z.string(), z.json(), 'must be a JSON object')
    .check(must((value) => cleanJson(value), 'must not contain NUL or broken Unicode, and not nest deeper than 32'))
    .refine((value) => Buffer.byteLength(JSON.stringify(value)) <= bytes, `must not be larger than ${bytes / 1024} KiB`)
    .meta({ type: 'object' });

/** A whole number in a body. Broken, it does not keep other fields and rules from being judged, as zod's own would. */
export const integer = (min: number, max: number) =>
  z
    .number()
    .check(
      must(
        (value) => Number.isInteger(value) && value >= min && value <= max,
        `must be a whole number from ${min} to ${max}`,
      ),
    )
    .meta({ type: 'integer', minimum: min, maximum: max });

/** A whole number read out of a query. */
export const queryInteger = (min: number, max: number) =>
  z
    .string('must be given once')
    .refine((text) => /^\d{1,15}$/.test(text) && Number(text) >= min && Number(text) <= max, {
      error: `must be a whole number from ${min} to ${max}`,
      abort: true,
    })
    .transform(Number)
    .meta({ type: 'integer', minimum: min, maximum: max });

export const queryBoolean = z
  .string('must be given once')
  .refine((text) => /^(?:true|false|1|0)$/i.test(text), { error: 'must be true or false', abort: true })
  .transform((text) => /^(?:true|1)$/i.test(text))
  .meta({ type: 'boolean' });

export type Sort = readonly { column: string; descending: boolean }[];

/** `-created_at,full_name` over the listed columns; default newest first. */
export const querySort = (columns: readonly string[]) =>
  z
    .string('must be given once')
    .refine(
      (text) => {
        const names = text.split(',').map((field) => field.replace(/^-/, ''));
        return names.every((name) => columns.includes(name)) && new Set(names).size === names.length;
      },
      { error: `must be a list of ${columns.join(', ')}, each at most once, with - for descending`, abort: true },
    )
    .transform((text): Sort =>
      text.split(',').map((field) => ({ column: field.replace(/^-/, ''), descending: field.startsWith('-') })),
    )
    .default([{ column: 'created_at', descending: true }])
    .meta({ type: 'string', examples: ['-created_at'] });

export const queryPage = queryInteger(1, 1_000_000).default(1);
export const queryPerPage = (fallback = 20) => queryInteger(1, 100).default(fallback);
export const querySearch = text(100, 2);

/** A page of a list as it is answered: `{ customers: […], total, page, pages, per_page }`. */
export const pageSchema = <Name extends string, Item extends z.ZodType>(name: Name, item: Item) =>
  z.strictObject({
    ...({ [name]: z.array(item) } as Record<Name, z.ZodArray<Item>>),
    total: z.int(),
    total_is_estimate: z.literal(true).optional(),
    page: z.int(),
    pages: z.int(),
    per_page: z.int(),
  });

/** The query of a list by limit and offset. */
export const offsetQuery = {
  limit: queryInteger(1, 100).default(20),
  offset: queryInteger(0, 100_000_000).default(0),
};

/** A list by limit and offset as it is answered: `{ users: […], total, limit, offset }`. */
export const offsetPageSchema = <Name extends string, Item extends z.ZodType>(name: Name, item: Item) =>
  z.strictObject({
    ...({ [name]: z.array(item) } as Record<Name, z.ZodArray<Item>>),
    total: z.int(),
    total_is_estimate: z.literal(true).optional(),
    limit: z.int(),
    offset: z.int(),
  });

export const Message = z.strictObject({ message: z.string() });
