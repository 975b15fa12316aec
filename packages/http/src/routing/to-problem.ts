import { asUnavailable, type Db } from '@clientela/db';
import { AppError, malformed, createProblem } from '@clientela/errors';

export { AppError };

/**
 * Converts an error to a problem document: 503 for an unavailable database, 409 with the conflicting record.
 * The record is read here, after the rollback, on another connection.
 */
export async function toProblem(error: unknown, request_id: string, db: Db): Promise<ReturnType<typeof createProblem>> {
  const appError =
    asUnavailable(error) ??
    (error instanceof URIError ? malformed('The path is not correctly percent-encoded') : error);
  const find =
    appError instanceof AppError
      ? (appError.existing as ((db: Db) => Promise<object | undefined>) | undefined)
      : undefined;
  const existing = await find?.(db).catch(() => undefined); // optional: its failure must not hide the 409
  return createProblem(appError, request_id, existing);
}
