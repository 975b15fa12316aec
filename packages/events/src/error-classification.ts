import { asUnavailable } from '@clientela/db';
import { AppError } from '@clientela/errors';

/** Whether a dependency of the handler is unavailable, so that retrying later can succeed. */
export const isTransient = (error: unknown): boolean =>
  asUnavailable(error) !== undefined || (error instanceof AppError && error.kind === 'unavailable');

/** Whether the event itself is invalid for this service, so that retrying cannot succeed. */
export const isPermanent = (error: unknown): boolean => error instanceof AppError && error.kind === 'invalid';

/**
 * Describes a handler's failure for operators. The reason is stored with the event, so it contains no SQL and no value: database errors
 * quote keys and texts, and other messages may contain a person's data. The log has the full error.
 */
export function reasonOf(error: unknown): string {
  if (error instanceof AppError) return error.message;
  if (!(error instanceof Error)) return 'failed';
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  if (typeof code !== 'string') return error.name;
  const isSqlState = /^[0-9A-Z]{5}$/.test(code);
  return isSqlState ? `database error ${[code, constraint].filter(Boolean).join(' ')}` : `${error.name}: ${code}`;
}
