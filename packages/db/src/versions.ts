import { notFound, preconditionFailed } from '@clientela/errors';

/** The versions of `If-Match`, one of which a record must have; undefined accepts any. */
export type ExpectedVersion = readonly number[] | undefined;

/**
 * Checks a locked row before a change: `requireVersion(await lockProduct(tx, company_id, id), 'product', expected_version)`.
 * @param resource names the record in the 404
 * @param expectedVersion from `If-Match`
 * @throws AppError 404 without a row, 412 when its version is not an expected one
 */
export function requireVersion<Row extends { version: number }>(
  row: Row | undefined,
  resource: string,
  expectedVersion: ExpectedVersion,
): Row {
  if (!row) throw notFound(resource);
  if (expectedVersion && !expectedVersion.includes(row.version)) throw preconditionFailed();
  return row;
}

/**
 * Returns the row of an update that is conditional on the version that was read.
 * @throws AppError 412 when the update matched no row, because another transaction changed the record
 */
export function requireUpdated<Row>(row: Row | undefined): Row {
  if (row === undefined) throw preconditionFailed();
  return row;
}
