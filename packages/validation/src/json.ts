import { z } from 'zod';
import { check } from './check.ts';

const maxDepth = 32;

const isCleanJson = (value: unknown, depth = 0): boolean => {
  if (depth > maxDepth) return false;
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0');
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([key, nested]) => isCleanJson(key, depth) && isCleanJson(nested, depth + 1));
};

/** A JSON object of at most `bytes` bytes of UTF-8, nested at most 32 deep. */
export const jsonObject = (bytes: number) =>
  z
    .record(z.string(), z.json(), 'must be a JSON object')
    .check(check((value) => isCleanJson(value), 'must not contain NUL or broken Unicode, and not nest deeper than 32'))
    .refine((value) => Buffer.byteLength(JSON.stringify(value)) <= bytes, `must not be larger than ${bytes / 1024} KiB`)
    .meta({ type: 'object' });

/** An integer in a request body. An invalid one does not stop the validation of other fields, as zod's `int` would. */
export const integer = (min: number, max: number) =>
  z
    .number()
    .check(
      check(
        (value) => Number.isInteger(value) && value >= min && value <= max,
        `must be a whole number from ${min} to ${max}`,
      ),
    )
    .meta({ type: 'integer', minimum: min, maximum: max });
