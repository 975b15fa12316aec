import type { Db } from '@clientela/db';
import type { Fingerprinter, IdentifyingValues, SuppressedField } from './fingerprints.ts';
import { findFingerprints } from './store.ts';

const ROWS_PER_QUERY = 1000;

/**
 * Finds, for each row, the fields whose value belonged to an erased person; an empty list for a row without such a value.
 * @param rows values as stored, after normalization
 */
export async function findSuppressed(
  db: Db,
  fingerprintsOf: Fingerprinter,
  company_id: string,
  rows: readonly IdentifyingValues[],
): Promise<SuppressedField[][]> {
  const results: SuppressedField[][] = [];
  for (let start = 0; start < rows.length; start += ROWS_PER_QUERY) {
    const rowFingerprints = rows.slice(start, start + ROWS_PER_QUERY).map((row) => {
      // Erasures before compared forms (docs/adr/0020) fingerprinted a document with its check digit, whatever its type.
      const earlier = fingerprintsOf(company_id, { document_number: row.document_number });
      return fingerprintsOf(company_id, row).concat(earlier);
    });
    const fingerprints = rowFingerprints.flat().map(({ fingerprint }) => fingerprint);
    const listed = fingerprints.length > 0 ? await findFingerprints(db, company_id, fingerprints) : [];
    const suppressed = new Set(listed.map((fingerprint) => fingerprint.toString('hex')));
    for (const fields of rowFingerprints)
      results.push([
        ...new Set(
          fields.filter(({ fingerprint }) => suppressed.has(fingerprint.toString('hex'))).map(({ field }) => field),
        ),
      ]);
  }
  return results;
}

/** Counts the rows with a value that belonged to an erased person. */
export const countSuppressed = async (...args: Parameters<typeof findSuppressed>): Promise<number> =>
  (await findSuppressed(...args)).filter((fields) => fields.length > 0).length;
