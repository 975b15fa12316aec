import { InternalCompany } from '@clientela/contracts';
import { AppError } from '@clientela/errors';
import { LRUCache } from 'lru-cache';
import type { Actor } from './actor.ts';
import type { ServiceClient } from '../client/client.ts';

type Call = { actor: Actor; signal?: AbortSignal };

/** Finds a company by its UUID or COMP key; undefined for an unknown one. */
export type CompanyClient = (key: string, call: Call) => Promise<InternalCompany | undefined>;

const ttl = 60_000; // milliseconds
const maxCompanies = 10_000;

/**
 * Fetches companies from auth and caches each for 60 s, or longer while auth is unavailable.
 * @throws AppError 503 while auth is unavailable, for a company that is not cached
 */
export function createCompanyClient(auth: ServiceClient, now: () => number = Date.now): CompanyClient {
  const cache = new LRUCache<string, { company: InternalCompany; at: number }>({ max: maxCompanies });

  return async (key, call) => {
    const cached = cache.get(key);
    if (cached && now() - cached.at < ttl) return cached.company;
    try {
      const company = await auth.get(`/internal/companies/${encodeURIComponent(key)}`, InternalCompany, call);
      cache.delete(key);
      if (!company) return undefined;
      cache.set(key, { company, at: now() });
      return company;
    } catch (error) {
      if (cached && error instanceof AppError && error.kind === 'unavailable') return cached.company;
      throw error;
    }
  };
}
