import type { Db } from '@clientela/db';

/** A customer whose value another one had first, in another spelling: its compared form is empty until the field changes. */
export type Double = { company_id: string; number: number; field: string; holder: number | null };

const fields = { email: 'email_key', phone: 'phone_key', document_number: 'document_key' } as const;
const comparedForms = {
  email: 'lower(c.email)',
  phone: `ltrim(c.phone, '+')`,
  document_number: 'compared_document(c.document_type, c.document_number)',
} as const;

/** Finds the values that the migration to compared forms left to the older of two records, among the undeleted customers. */
export async function findDoubles(db: Db): Promise<Double[]> {
  const found = Object.entries(fields).map(([field, key]) =>
    db('customers as c')
      .leftJoin('customers as h', (join) =>
        join
          .on('h.company_id', 'c.company_id')
          .on(`h.${key}`, db.raw(comparedForms[field as keyof typeof fields]))
          .onNull('h.deleted_at'),
      )
      .select('c.company_id', 'c.number', db.raw('? as field', [field]), 'h.number as holder')
      .whereNull(`c.${key}`)
      .whereNotNull(`c.${field}`)
      .whereNull('c.deleted_at')
      .orderBy(['c.company_id', 'c.number']),
  );
  const rows: Double[] = [];
  for (const query of found) rows.push(...((await query) as Double[]));
  return rows;
}

/** Describes a double for an operator, without the value. */
export const describeDouble = ({ company_id, number, field, holder }: Double): string =>
  `customer ${number} of company ${company_id}: ` +
  (holder === null
    ? `its ${field} is not protected against duplicates; clear it and set it again`
    : `its ${field} is that of customer ${holder} in another spelling; change one of them or delete one customer`);
