import { notFound, preconditionFailed } from '@clientela/errors';

/**
 * Checks a locked row before a change: `requireVersion(await lockProduct(tx, company_id, id), 'product', expected_version)`.
 * @param resource names the record in the 404
 * @param expectedVersion from `If-Match`; undefined accepts any version
 * @throws AppError 404 without a row, 412 when its version is not the expected one
 */
export function requireVersion<Row extends { version: number }>(
  row: Row | undefined,
  resource: string,
  expectedVersion: number | undefined,
): Row {
  if (!row) throw notFound(resource);
  if (expectedVersion !== undefined && expectedVersion !== row.version) throw preconditionFailed();
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
