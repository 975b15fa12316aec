import type { z } from 'zod';

/**
 * Creates a check that stops the validation of its own value only. zod's `abort` would also skip the refinements of the enclosing object,
 * and their errors would be missing from the response.
 */
export const check =
  <T>(isValid: (value: T) => boolean, message: string) =>
  ({ value, issues }: z.core.ParsePayload<T>): void => {
    if (!isValid(value)) issues.push({ code: 'custom', message, input: value, path: [] });
  };
