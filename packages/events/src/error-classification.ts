import { asUnavailable } from '@clientela/db';
import { AppError } from '@clientela/errors';

/** Whether the fault is not the event's: something that its effect needs is away, and will be back. */
export const isTransient = (error: unknown): boolean =>
  asUnavailable(error) !== undefined || (error instanceof AppError && error.kind === 'unavailable');

/** Whether the event itself is wrong for this service: trying again changes nothing. */
export const isPermanent = (error: unknown): boolean => error instanceof AppError && error.kind === 'invalid';

/**
 * Why an effect failed, for people: kept with the event, and so without SQL and without a value. What a database's error quotes (a key
 * that is there already, a text that is no number) and what any other error's message says may be a person's; the log says more.
 */
export function reasonOf(error: unknown): string {
  if (error instanceof AppError) return error.message;
  if (!(error instanceof Error)) return 'failed';
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  if (typeof code !== 'string') return error.name;
  const isState = /^[0-9A-Z]{5}$/.test(code);
  return isState
    ? `the database refused it: ${[code, constraint].filter(Boolean).join(' ')}`
    : `${error.name}: ${code}`;
}
