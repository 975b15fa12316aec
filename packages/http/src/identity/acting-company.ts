import type { Scope } from '@clientela/db';
import { forbidden, invalid } from '@clientela/errors';
import type { Actor } from './actor.ts';
import type { CompanyClient } from './company-client.ts';
import type { Route } from '../routing/route.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const key = /^[A-Z0-9-]{2,50}$/;

const wrong = (message: string) => invalid([{ path: 'company_id', message }]);

/**
 * The company an actor acts in at a door: its own, or the one a superuser names by `?company_id=` (UUID or COMP key).
 * @param named the query's `company_id` as it came
 * @throws AppError 403 for another's company, alike whether it exists or not; 422 for a superuser that named none or an unknown one
 */
export async function resolveActingCompany(
  door: Route,
  actor: Actor,
  named: unknown,
  companies: CompanyClient | undefined,
  signal: AbortSignal,
): Promise<{ actor: Actor; scope: Scope | undefined }> {
  if (door.tenancy === 'global') return { actor, scope: undefined };
  const company_id = named === undefined ? actor.company_id : await resolve(actor, named, companies, signal);
  if (company_id !== null) return { actor: { ...actor, company_id }, scope: { company_id } };
  if (door.tenancy === 'company-or-all' && actor.role === 'superuser') return { actor, scope: { all: true } };
  throw wrong('is required: a superuser has no company of its own, so name one with ?company_id=');
}

async function resolve(
  actor: Actor,
  named: unknown,
  companies: CompanyClient | undefined,
  signal: AbortSignal,
): Promise<string> {
  if (typeof named !== 'string') throw wrong('must be given once');
  const id = named.toLowerCase();
  const byKey = named.toUpperCase();
  if (!uuid.test(id) && !key.test(byKey)) throw wrong('must be a UUID or a company key');
  if (actor.role !== 'superuser') {
    if (id === actor.company_id) return id;
    const found = uuid.test(id) ? undefined : await companies?.(byKey, { actor, signal });
    if (found && found.id === actor.company_id) return found.id;
    throw forbidden('That is not your company');
  }
  const found = await companies?.(uuid.test(id) ? id : byKey, { actor, signal });
  if (!found) throw wrong('names no company');
  return found.id;
}
