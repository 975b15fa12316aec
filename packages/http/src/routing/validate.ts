import { invalid, malformed, type FieldError } from '@clientela/errors';
import type { z } from 'zod';

const dotted = (path: readonly PropertyKey[]) => path.map(String).join('.');

/** What zod found, as field errors: one for each bad field, unknown fields each by name. */
export function fieldErrors(issues: readonly z.core.$ZodIssue[]): FieldError[] {
  const byPath = new Map<string, FieldError>();
  for (const error of issues.flatMap(errorsOf)) if (!byPath.has(error.path)) byPath.set(error.path, error);
  return [...byPath.values()];
}

function errorsOf(issue: z.core.$ZodIssue): FieldError[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: dotted([...issue.path, key]), message: 'is not a known field' }));
  }
  const missing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
  return [{ path: dotted(issue.path), message: missing ? 'is required' : issue.message }];
}

type Faults = FieldError[];

/** Parses with a schema and collects the faults, so that all parts of a request are judged together. */
export function validate(schema: z.ZodType | undefined, value: unknown, faults: Faults): unknown {
  if (!schema) return undefined;
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  faults.push(...fieldErrors(parsed.error.issues));
  return undefined;
}

/** Path parameters: a malformed one is a 400, as it names no resource at all. */
export function validateParams(schema: z.ZodObject | undefined, params: unknown): Record<string, string> {
  if (!schema) return {};
  const parsed = schema.safeParse(params);
  if (parsed.success) return parsed.data as Record<string, string>;
  const faults = fieldErrors(parsed.error.issues);
  throw malformed(
    `The path names no resource: ${faults.map(({ path, message }) => `${path} ${message}`).join('; ')}`,
    faults,
  );
}

export function throwIfInvalid(faults: Faults): void {
  if (faults.length > 0) throw invalid(faults.slice(0, 100));
}
