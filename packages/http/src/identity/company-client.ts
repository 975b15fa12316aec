import { InternalCompany } from '@clientela/contracts';
import { AppError } from '@clientela/errors';
import { LRUCache } from 'lru-cache';
import type { Actor } from './actor.ts';
import type { ServiceClient } from '../client/client.ts';

type Call = {
  actor: Actor;
  signal?: AbortSignal;
  /** Fetches the company although it is cached. */
  fresh?: boolean;
};

/** Finds a company by its UUID or COMP key; undefined for an unknown one. */
export type CompanyClient = (key: string, call: Call) => Promise<InternalCompany | undefined>;

// Milliseconds. A company's change takes effect within a minute, with every cache that is filled from this one.
const ttl = 30_000;
const maxCompanies = 10_000;

/**
 * Fetches companies from auth and caches each for 30 s, or longer while auth is unavailable.
 * @throws AppError 503 while auth is unavailable, for a company that is not cached
 */
export function createCompanyClient(auth: ServiceClient, now: () => number = Date.now): CompanyClient {
  const cache = new LRUCache<string, { company: InternalCompany; at: number }>({ max: maxCompanies });

  return async (key, { fresh = false, ...call }) => {
    const cached = fresh ? undefined : cache.get(key);
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
