import { z } from 'zod';
import { text, Uuid } from './text.ts';

/** An integer query parameter. */
export const queryInteger = (min: number, max: number) =>
  z
    .string('must be given once')
    .refine((digits) => /^\d{1,15}$/.test(digits) && Number(digits) >= min && Number(digits) <= max, {
      error: `must be a whole number from ${min} to ${max}`,
      abort: true,
    })
    .transform(Number)
    .meta({ type: 'integer', minimum: min, maximum: max });

const isNumber = (digits: string) => /^\d{1,15}$/.test(digits) && Number(digits) > 0;

/** A parameter that may be repeated: at most `max` items, documented as `items`. */
const repeated = (max: number, isItem: (text: string) => boolean, what: string, items: object) =>
  z
    .union([z.string(), z.array(z.string())])
    .transform((value) => (typeof value === 'string' ? [value] : value))
    .refine((list) => list.length <= max && list.every(isItem), { error: `must be at most ${max} ${what}` })
    .meta({
      override: ({ jsonSchema }) => {
        delete jsonSchema.anyOf;
        Object.assign(jsonSchema, { type: 'array', items, maxItems: max });
      },
    });

/** One or more numbers of records; the parameter may be repeated. */
export const queryNumbers = (max: number) =>
  repeated(max, isNumber, 'integers, each 1 or more', { type: 'integer', minimum: 1 }).transform((list) =>
    list.map(Number),
  );

/** One or more ids of records; the parameter may be repeated. */
export const queryIds = (max: number) =>
  repeated(max, (id) => Uuid.safeParse(id).success, 'UUIDs', { type: 'string', format: 'uuid' });

export const queryBoolean = z
  .string('must be given once')
  .refine((word) => /^(?:true|false|1|0)$/i.test(word), { error: 'must be true or false', abort: true })
  .transform((word) => /^(?:true|1)$/i.test(word))
  .meta({ type: 'boolean' });

export type Sort = readonly { column: string; descending: boolean }[];

/** A sort order such as `-created_at,full_name` over the given columns. Defaults to newest first. */
export const querySort = (columns: readonly string[]) =>
  z
    .string('must be given once')
    .refine(
      (list) => {
        const names = list.split(',').map((field) => field.replace(/^-/, ''));
        return names.every((name) => columns.includes(name)) && new Set(names).size === names.length;
      },
      { error: `must be a list of ${columns.join(', ')}, each at most once, with - for descending`, abort: true },
    )
    .transform((list): Sort =>
      list.split(',').map((field) => ({ column: field.replace(/^-/, ''), descending: field.startsWith('-') })),
    )
    .default([{ column: 'created_at', descending: true }])
    .meta({ type: 'string', examples: ['-created_at'] });

export const querySearch = text(100, 2);

export const queryPage = queryInteger(1, 1_000_000).default(1);
export const queryPerPage = (fallback = 20) => queryInteger(1, 100).default(fallback);

/** The query parameters of offset pagination. */
export const offsetQuery = {
  limit: queryInteger(1, 100).default(20),
  offset: queryInteger(0, 100_000_000).default(0),
};
