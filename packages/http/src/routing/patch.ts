import { isDeepStrictEqual } from 'node:util';
import { invalid, type FieldError } from '@clientela/errors';
import { z } from 'zod';

/**
 * Builds the body schema of a PUT or PATCH: writable fields are optional, and clients may send back the read-only fields unchanged.
 * @param record the schema of the record in responses
 * @param writable the writable fields, without defaults
 */
export function patchBody<W extends z.ZodRawShape>(record: z.ZodObject, writable: z.ZodObject<W>) {
  const readOnly = Object.keys(record.shape).filter((field) => !(field in writable.shape));
  const sentBack = Object.fromEntries(
    readOnly.map((field) => [field, z.unknown().optional().meta({ readOnly: true })]),
  );
  return z.strictObject({ ...sentBack, ...writable.partial().shape });
}

/** Reports read-only fields that a body would change. Unchanged ones are ignored. */
export const readOnlyErrors = (
  body: Record<string, unknown>,
  writable: z.ZodObject,
  stored: Record<string, unknown>,
): FieldError[] =>
  Object.keys(body)
    .filter((field) => !(field in writable.shape) && !isDeepStrictEqual(body[field], stored[field]))
    .map((path) => ({ path, message: 'is read-only' }));

/** Picks the writable fields of a body. */
export const writableFields = <W extends z.ZodRawShape>(
  body: Record<string, unknown>,
  writable: z.ZodObject<W>,
): Partial<z.infer<z.ZodObject<W>>> =>
  Object.fromEntries(
    Object.entries(body).filter(([field, value]) => field in writable.shape && value !== undefined),
  ) as Partial<z.infer<z.ZodObject<W>>>;

/**
 * Picks the writable fields of a body and rejects changes of read-only ones.
 * @throws AppError 422 with every changed read-only field
 */
export function pickWritable<W extends z.ZodRawShape>(
  body: Record<string, unknown>,
  writable: z.ZodObject<W>,
  stored: Record<string, unknown>,
): Partial<z.infer<z.ZodObject<W>>> {
  const errors = readOnlyErrors(body, writable, stored);
  if (errors.length > 0) throw invalid(errors);
  return writableFields(body, writable);
}

/** Picks the changes that differ from the stored values. */
export const changedValues = <C extends Record<string, unknown>>(
  changes: C,
  stored: Record<string, unknown>,
): Partial<C> =>
  Object.fromEntries(
    Object.entries(changes).filter(([field, value]) => !isDeepStrictEqual(value, stored[field])),
  ) as Partial<C>;
