import { AppError, kinds, type FieldError } from './errors.ts';

/** RFC 9457 problem details with the extension members of this API. */
export type Problem = {
  type: string;
  title: string;
  status: number;
  detail: string;
  error_code: string;
  timestamp: string;
  request_id: string;
  errors: readonly FieldError[];
  /** The permission that the caller lacks, in a 403. */
  missing?: string;
  /** The record that has the unique value already, in a 409. */
  existing?: object;
  /** In a 401 MFA_REQUIRED, what the second step of the sign-in takes. */
  mfa_token?: string;
};

/**
 * Maps an error to status, headers and body of its response. Anything but an AppError becomes a 500 without details.
 * @param existing the conflicting record of a 409, where the client may see it
 */
export function createProblem(
  error: unknown,
  request_id: string,
  existing?: object,
): { status: number; headers: Record<string, string>; body: Problem } {
  const appError = error instanceof AppError ? error : new AppError('internal', { detail: 'Internal server error' });
  const [status, , title] = kinds[appError.kind];
  return {
    status,
    headers: {
      ...appError.headers,
      'Content-Type': 'application/problem+json; charset=utf-8',
      'Cache-Control': 'no-store',
    },
    body: {
      type: `urn:clientela:problem:${appError.error_code.toLowerCase().replaceAll('_', '-')}`,
      title,
      status,
      detail: appError.message,
      error_code: appError.error_code,
      timestamp: new Date().toISOString(),
      request_id,
      errors: appError.errors,
      ...(appError.missing !== undefined && { missing: appError.missing }),
      ...(existing && { existing }),
      ...appError.members,
    },
  };
}
