import { databaseFault } from '@clientela/db';
import { AppError } from '@clientela/errors';

/** Whether the fault is not the event's: something that its effect needs is away, and will be back. */
export const isPassing = (error: unknown): boolean =>
  databaseFault(error) !== undefined || (error instanceof AppError && error.kind === 'unavailable');

/** Whether the event itself is wrong for this service: trying again changes nothing. */
export const isHopeless = (error: unknown): boolean => error instanceof AppError && error.kind === 'invalid';

/** Why an effect failed, for people: without SQL, and without the values that a database's error may quote. */
export function reasonOf(error: unknown): string {
  if (error instanceof AppError) return error.message;
  if (!(error instanceof Error)) return 'failed';
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  if (typeof code === 'string') return `the database refused it: ${[code, constraint].filter(Boolean).join(' ')}`;
  return `${error.name}: ${error.message}`.slice(0, 500);
}
