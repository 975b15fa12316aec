import { isDeepStrictEqual } from 'node:util';
import { invalid, type FieldError } from '@clientela/errors';
import { z } from 'zod';

/**
 * The body of a PUT or PATCH: every writable field may be left out, and the record's other fields may be sent back as they were read.
 * @param record the record as it is answered
 * @param writable what may be written, without defaults
 */
export function patchBody<W extends z.ZodRawShape>(record: z.ZodObject, writable: z.ZodObject<W>) {
  const readOnly = Object.keys(record.shape).filter((field) => !(field in writable.shape));
  const sentBack = Object.fromEntries(
    readOnly.map((field) => [field, z.unknown().optional().meta({ readOnly: true })]),
  );
  return z.strictObject({ ...sentBack, ...writable.partial().shape });
}

/** The read-only fields that a body would change. Those that equal what is stored are ignored. */
export const readOnlyErrors = (
  body: Record<string, unknown>,
  writable: z.ZodObject,
  stored: Record<string, unknown>,
): FieldError[] =>
  Object.keys(body)
    .filter((field) => !(field in writable.shape) && !isDeepStrictEqual(body[field], stored[field]))
    .map((path) => ({ path, message: 'is read-only' }));

/** The writable fields that a body brings. */
export const writableFields = <W extends z.ZodRawShape>(
  body: Record<string, unknown>,
  writable: z.ZodObject<W>,
): Partial<z.infer<z.ZodObject<W>>> =>
  Object.fromEntries(
    Object.entries(body).filter(([field, value]) => field in writable.shape && value !== undefined),
  ) as Partial<z.infer<z.ZodObject<W>>>;

/**
 * The writable fields that a body brings, once its read-only ones have been looked at.
 * @throws AppError 422 naming every read-only field that differs
 */
export function pickWritable<W extends z.ZodRawShape>(
  body: Record<string, unknown>,
  writable: z.ZodObject<W>,
  stored: Record<string, unknown>,
): Partial<z.infer<z.ZodObject<W>>> {
  const faults = readOnlyErrors(body, writable, stored);
  if (faults.length > 0) throw invalid(faults);
  return writableFields(body, writable);
}

/** Which of the changes really change something: `{ field: value }` of those that differ from what is stored. */
export const changedValues = <C extends Record<string, unknown>>(
  changes: C,
  stored: Record<string, unknown>,
): Partial<C> =>
  Object.fromEntries(
    Object.entries(changes).filter(([field, value]) => !isDeepStrictEqual(value, stored[field])),
  ) as Partial<C>;
