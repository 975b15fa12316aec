import type { Db } from '@clientela/db';
import type { Field, Fingerprinter, IdentifyingValues } from './fingerprints.ts';
import { findFingerprints } from './store.ts';

const ROWS_PER_QUERY = 1000; // rows that one statement asks for

/**
 * Which of the given values somebody had who was erased, for each row in its place; nothing for a row that brings nobody back.
 * @param rows in the spelling in which they are, or would be, stored
 */
export async function findSuppressed(
  db: Db,
  fingerprints: Fingerprinter,
  company_id: string,
  rows: readonly IdentifyingValues[],
): Promise<Field[][]> {
  const found: Field[][] = [];
  for (let from = 0; from < rows.length; from += ROWS_PER_QUERY) {
    const prints = rows.slice(from, from + ROWS_PER_QUERY).map((row) => fingerprints(company_id, row));
    const known = await lookUp(db, company_id, prints.flat());
    found.push(
      ...prints.map((row) =>
        row.filter(({ fingerprint }) => known.has(fingerprint.toString('hex'))).map(({ field }) => field),
      ),
    );
  }
  return found;
}

/** How many of the rows hold a value of somebody who was erased. */
export const countSuppressed = async (...of: Parameters<typeof findSuppressed>): Promise<number> =>
  (await findSuppressed(...of)).filter((fields) => fields.length > 0).length;

async function lookUp(db: Db, company_id: string, prints: readonly { fingerprint: Buffer }[]) {
  if (prints.length === 0) return new Set<string>();
  const known = await findFingerprints(
    db,
    company_id,
    prints.map(({ fingerprint }) => fingerprint),
  );
  return new Set(known.map((fingerprint) => fingerprint.toString('hex')));
}
