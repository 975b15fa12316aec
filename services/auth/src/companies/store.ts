import type { InternalCompany } from '@clientela/contracts';
import { isUuid, newId, type Db, type Tx } from '@clientela/db';
import { companyIdOf } from './rules.ts';

export type NewCompany = { name: string; country: string; currency: string };

const columns = ['id', 'company_id', 'status', 'country', 'currency'] as const;

/** By its UUID or its COMP key. */
export const findCompanyByKey = async (db: Db, key: string): Promise<InternalCompany | undefined> =>
  db('companies')
    .select(columns)
    .where(isUuid(key) ? { id: key } : { company_id: key.toUpperCase() })
    .first();

export async function insertCompany(tx: Tx, company: NewCompany): Promise<InternalCompany> {
  const { rows } = await tx.raw<{ rows: [{ number: number }] }>(`select nextval('company_numbers') as number`);
  const { number } = rows[0];
  const company_id = companyIdOf(number);
  const row = { ...company, id: newId(), number, company_id, company_key: company_id };
  const [made] = await tx('companies').insert(row).returning(columns);
  return made as InternalCompany;
}
