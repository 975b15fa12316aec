import type { Scope } from '@clientela/db';
import { forbidden, invalid } from '@clientela/errors';
import type { Actor } from './actor.ts';
import type { CompanyClient } from './company-client.ts';
import type { Route } from '../routing/route.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const key = /^[A-Z0-9-]{2,50}$/;

const invalidCompany = (message: string) => invalid([{ path: 'company_id', message }]);

/**
 * Resolves the company that an actor acts in: its own, or the one that a superuser names by `?company_id=` (UUID or COMP key).
 * @param requested the raw `company_id` of the query
 * @throws AppError 403 for another company, whether it exists or not; 422 for a superuser that names none or an unknown one, and for a
 * service without X-Company-Id
 */
export async function resolveActingCompany(
  definition: Route,
  actor: Actor,
  requested: unknown,
  companies: CompanyClient | undefined,
  signal: AbortSignal,
): Promise<{ actor: Actor; scope: Scope | undefined }> {
  if (definition.tenancy === 'global') return { actor, scope: undefined };
  const company_id = requested === undefined ? actor.company_id : await resolve(actor, requested, companies, signal);
  if (company_id !== null) return { actor: { ...actor, company_id }, scope: { company_id } };
  if (definition.tenancy === 'company-or-all' && actor.role === 'superuser') return { actor, scope: { all: true } };
  if (actor.role === 'service') throw invalid([{ path: 'X-Company-Id', message: 'is required' }]);
  throw invalidCompany('is required: a superuser belongs to no company; name one with ?company_id=');
}

async function resolve(
  actor: Actor,
  requested: unknown,
  companies: CompanyClient | undefined,
  signal: AbortSignal,
): Promise<string> {
  if (typeof requested !== 'string') throw invalidCompany('must be given once');
  const id = requested.toLowerCase();
  const companyKey = requested.toUpperCase();
  if (!uuid.test(id) && !key.test(companyKey)) throw invalidCompany('must be a UUID or a company key');
  if (actor.role !== 'superuser') {
    if (id === actor.company_id) return id;
    const company = uuid.test(id) ? undefined : await companies?.(companyKey, { actor, signal });
    if (company && company.id === actor.company_id) return company.id;
    throw forbidden('Not your company');
  }
  const company = await companies?.(uuid.test(id) ? id : companyKey, { actor, signal });
  if (!company) throw invalidCompany('does not exist');
  return company.id;
}
