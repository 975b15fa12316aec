import type { Db } from '@clientela/db';
import type { Field, Fingerprints, Values } from './fingerprints.ts';
import { findFingerprints } from './store.ts';

const atOnce = 1000; // rows that one statement asks for

/**
 * Which of the given values somebody had who was erased, for each row in its place; nothing for a row that brings nobody back.
 * @param rows in the spelling in which they are, or would be, stored
 */
export async function findErased(
  db: Db,
  fingerprints: Fingerprints,
  company_id: string,
  rows: readonly Values[],
): Promise<Field[][]> {
  const found: Field[][] = [];
  for (let from = 0; from < rows.length; from += atOnce) {
    const prints = rows.slice(from, from + atOnce).map((row) => fingerprints(company_id, row));
    const known = await knownAmong(db, company_id, prints.flat());
    found.push(
      ...prints.map((row) =>
        row.filter(({ fingerprint }) => known.has(fingerprint.toString('hex'))).map(({ field }) => field),
      ),
    );
  }
  return found;
}

/** How many of the rows hold a value of somebody who was erased. */
export const countErased = async (...of: Parameters<typeof findErased>): Promise<number> =>
  (await findErased(...of)).filter((fields) => fields.length > 0).length;

async function knownAmong(db: Db, company_id: string, prints: readonly { fingerprint: Buffer }[]) {
  if (prints.length === 0) return new Set<string>();
  const known = await findFingerprints(
    db,
    company_id,
    prints.map(({ fingerprint }) => fingerprint),
  );
  return new Set(known.map((fingerprint) => fingerprint.toString('hex')));
}
