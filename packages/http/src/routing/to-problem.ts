import { asUnavailable, type Db } from '@clientela/db';
import { AppError, malformed, createProblem } from '@clientela/errors';

export { AppError };

/**
 * The problem document of a failure: a database that is away is a 503, and a 409 shows the record in the way.
 * That record is looked up here, after the rollback, with a connection of its own.
 */
export async function toProblem(error: unknown, request_id: string, db: Db): Promise<ReturnType<typeof createProblem>> {
  const known = asUnavailable(error) ?? (error instanceof URIError ? malformed('The path is not well encoded') : error);
  const find =
    known instanceof AppError ? (known.existing as ((db: Db) => Promise<object | undefined>) | undefined) : undefined;
  const existing = await find?.(db).catch(() => undefined); // a help for the caller: its failure must not hide the 409
  return createProblem(known, request_id, existing);
}
