import { AppError, kinds, type FieldError } from './errors.ts';

/** RFC 9457 problem details with the fields every answer of this API adds. */
export type Problem = {
  type: string;
  title: string;
  status: number;
  detail: string;
  error_code: string;
  timestamp: string;
  request_id: string;
  errors: readonly FieldError[];
  existing?: object;
};

/**
 * The one map from errors to answers. What is not an AppError becomes a 500 that says nothing of its cause.
 * @param existing the record in the way of a 409, where the caller may see it
 */
export function createProblem(
  error: unknown,
  request_id: string,
  existing?: object,
): { status: number; headers: Record<string, string>; body: Problem } {
  const known =
    error instanceof AppError ? error : new AppError('internal', { detail: 'Something went wrong on our side' });
  const [status, , title] = kinds[known.kind];
  return {
    status,
    headers: {
      ...known.headers,
      'Content-Type': 'application/problem+json; charset=utf-8',
      'Cache-Control': 'no-store',
    },
    body: {
      type: `urn:clientela:problem:${known.error_code.toLowerCase().replaceAll('_', '-')}`,
      title,
      status,
      detail: known.message,
      error_code: known.error_code,
      timestamp: new Date().toISOString(),
      request_id,
      errors: known.errors,
      ...(existing && { existing }),
    },
  };
}

/**
 * The problem as it is answered at a path: vApteke's clients, who call `/rest/v1`, look for `success` and `message` in it.
 * @param path with or without its query
 */
export const problemAt = (path: string, problem: Problem): Problem | (Problem & { success: false; message: string }) =>
  /^\/rest\/v1(?:[/?]|$)/.test(path) ? { success: false, message: problem.detail, ...problem } : problem;
