import { InternalCompany } from '@clientela/contracts';
import { AppError } from '@clientela/errors';
import type { Actor } from './actor.ts';
import type { ServiceClient } from '../client/client.ts';

type Call = { actor: Actor; signal?: AbortSignal };

/** Finds a company by its UUID or COMP key; undefined when there is none. */
export type CompanyClient = (key: string, call: Call) => Promise<InternalCompany | undefined>;

const fresh = 60_000; // milliseconds
const most = 10_000; // companies remembered

/**
 * Asks auth for companies and remembers each for 60 s, and for as long as auth is away.
 * @throws AppError 503 when auth is away and the company was never seen
 */
export function createCompanyClient(auth: ServiceClient, now: () => number = Date.now): CompanyClient {
  const seen = new Map<string, { company: InternalCompany; at: number }>();

  return async (key, call) => {
    const known = seen.get(key);
    if (known && now() - known.at < fresh) return known.company;
    try {
      const company = await auth.get(`/internal/companies/${encodeURIComponent(key)}`, InternalCompany, call);
      seen.delete(key);
      if (!company) return undefined;
      if (seen.size >= most) seen.delete(seen.keys().next().value ?? '');
      seen.set(key, { company, at: now() });
      return company;
    } catch (error) {
      if (known && error instanceof AppError && error.kind === 'unavailable') return known.company;
      throw error;
    }
  };
}
