import { InternalUser } from '@clientela/contracts';
import type { CompanyClient, ServiceClient } from '@clientela/http';
import type { UserWithCompany } from './actions.ts';

/** Fetches a user and its company from auth; undefined for an unknown user or one without a company. */
export type UserClient = (
  id: string,
  call: { request_id: string; signal: AbortSignal },
) => Promise<UserWithCompany | undefined>;

/** @throws AppError 503 when auth is unavailable */
export const createUserClient =
  (auth: ServiceClient, companies: CompanyClient): UserClient =>
  async (id, { request_id, signal }) => {
    const serviceActor = {
      id: 'service:customer',
      role: 'service',
      session_id: null,
      client_ip: null,
      request_id,
    } as const;
    const user = await auth.get(`/internal/users/${id}`, InternalUser, {
      actor: { ...serviceActor, company_id: null },
      signal,
    });
    if (!user?.business_id) return undefined;
    const actor = { ...serviceActor, company_id: user.business_id };
    const company = await companies(user.business_id, { actor, signal });
    return company && { user, company };
  };
