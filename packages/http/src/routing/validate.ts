import { invalid, malformed, type FieldError } from '@clientela/errors';
import type { z } from 'zod';
import { fieldErrors, maxErrors, parseWith } from './field-errors.ts';

/** Validates with a schema and appends its errors to `errors`, so that one response lists those of query, body and headers. */
export function validate(schema: z.ZodType | undefined, value: unknown, errors: FieldError[]): unknown {
  if (!schema) return undefined;
  const parsed = parseWith(schema, value);
  if (parsed.success) return parsed.data;
  errors.push(...fieldErrors(parsed.error.issues));
  return undefined;
}

/**
 * Validates path parameters.
 * @throws AppError 400 for a malformed one, which identifies no resource
 */
export function validateParams(schema: z.ZodObject | undefined, params: unknown): Record<string, string> {
  if (!schema) return {};
  const parsed = parseWith(schema, params);
  if (parsed.success) return parsed.data as Record<string, string>;
  const errors = fieldErrors(parsed.error.issues);
  throw malformed(`Invalid path: ${errors.map(({ path, message }) => `${path} ${message}`).join('; ')}`, errors);
}

export function throwIfInvalid(errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalid(errors.slice(0, maxErrors));
}
