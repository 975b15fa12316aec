import { invalid, malformed, type FieldError } from '@clientela/errors';
import type { z } from 'zod';

const joinPath = (path: readonly PropertyKey[]) => path.map(String).join('.');

/** Converts zod issues to field errors: one per invalid field, and one per unknown field. */
export function fieldErrors(issues: readonly z.core.$ZodIssue[]): FieldError[] {
  const byPath = new Map<string, FieldError>();
  for (const error of issues.flatMap(errorsOf)) if (!byPath.has(error.path)) byPath.set(error.path, error);
  return [...byPath.values()];
}

function errorsOf(issue: z.core.$ZodIssue): FieldError[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: joinPath([...issue.path, key]), message: 'is not a known field' }));
  }
  const missing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
  return [{ path: joinPath(issue.path), message: missing ? 'is required' : issue.message }];
}

/** Validates with a schema and appends its errors to `errors`, so that one response lists those of query, body and headers. */
export function validate(schema: z.ZodType | undefined, value: unknown, errors: FieldError[]): unknown {
  if (!schema) return undefined;
  const parsed = schema.safeParse(value);
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
  const parsed = schema.safeParse(params);
  if (parsed.success) return parsed.data as Record<string, string>;
  const errors = fieldErrors(parsed.error.issues);
  throw malformed(`Invalid path: ${errors.map(({ path, message }) => `${path} ${message}`).join('; ')}`, errors);
}

export function throwIfInvalid(errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalid(errors.slice(0, 100));
}
