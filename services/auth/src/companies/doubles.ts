import type { Db } from '@clientela/db';

/** Describes the users and companies whose value an older record had first, in another spelling: their compared form is empty. */
export async function findDoubles(db: Db): Promise<string[]> {
  const companies = (await db('companies as c')
    .leftJoin('companies as h', 'h.document_key', db.raw('compared_document(c.document_type, c.document_number)'))
    .select('c.company_id as record', 'h.company_id as holder')
    .whereNull('c.document_key')
    .whereNotNull('c.document_number')
    .orderBy('c.number')) as Double[];
  const users = (await db('users as u')
    .leftJoin('users as h', 'h.email_key', db.raw('lower(u.email)'))
    .select('u.unique_id as record', 'h.unique_id as holder')
    .whereNull('u.email_key')
    .orderBy('u.number')) as Double[];
  return [
    ...companies.map((double) => describe('company', 'document_number', double)),
    ...users.map((double) => describe('user', 'email', double)),
  ];
}

type Double = { record: string; holder: string | null };

const describe = (resource: string, field: string, { record, holder }: Double): string =>
  `${resource} ${record}: ` +
  (holder === null
    ? `its ${field} is not protected against duplicates; change it and change it back`
    : `its ${field} is that of ${resource} ${holder} in another spelling; change one of them`);
