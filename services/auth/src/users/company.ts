import type { InternalCompany } from '@clientela/contracts';
import type { Db } from '@clientela/db';
import { forbidden, invalid } from '@clientela/errors';
import type { Actor } from '@clientela/http';
import { findCompanyByKey } from '../companies/store.ts';

const invalidCompany = (message: string) => invalid([{ path: 'company_id', message }]);

/**
 * Returns the company that a new user joins: the actor's own, or the one that a superuser names.
 * @param company_id UUID or key
 * @throws AppError 403 for another company, whether or not it exists; 422 when a superuser names no company or an unknown one
 */
export async function requireCompany(
  db: Db,
  actor: Actor,
  company_id: string | null | undefined,
): Promise<InternalCompany> {
  if (actor.role !== 'superuser') {
    const ownCompany = await findCompanyByKey(db, actor.company_id ?? '');
    const key = company_id?.toUpperCase();
    if (!ownCompany || (key && key !== ownCompany.id.toUpperCase() && key !== ownCompany.company_id)) {
      throw forbidden('Access to this company is not allowed');
    }
    return ownCompany;
  }
  if (!company_id) throw invalidCompany('is required: a superuser has no company of their own');
  const company = await findCompanyByKey(db, company_id);
  if (!company) throw invalidCompany('does not exist');
  return company;
}

/** @throws AppError 422 when a new superuser is to have a company */
export function requireNoCompany({ company_id }: { company_id?: string | null | undefined }): undefined {
  if (company_id) throw invalidCompany('must be omitted: a superuser has no company');
  return undefined;
}
