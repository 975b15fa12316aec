import type { InternalCompany } from '@clientela/contracts';
import { notFound } from '@clientela/errors';
import type { CompanyActor, CompanyClient } from '@clientela/http';

/**
 * Fetches a company that must exist.
 * @throws AppError 404 for an unknown company, 503 while auth is unavailable
 */
export async function requireCompany(
  companies: CompanyClient,
  id: string,
  call: Parameters<CompanyClient>[1],
): Promise<InternalCompany> {
  const company = await companies(id, call);
  if (!company) throw notFound('company');
  return company;
}

/** This service as the actor of a call that no user caused. */
export const serviceActor = (company_id: string, request_id: string): CompanyActor => ({
  id: 'service:customer',
  role: 'service',
  company_id,
  session_id: null,
  client_ip: null,
  request_id,
});
