import { accessLevel, roles, type Person } from '@clientela/contracts';
import type { Db } from '@clientela/db';
import { forbidden, notFound, unauthenticated } from '@clientela/errors';
import type { CompanyActor, ServiceClient } from '@clientela/http';
import { z } from 'zod';
import { findCustomer } from '../customers/store.ts';
import { findProfile } from '../profiles/store.ts';
import { isErasedUser } from '../tombstones/store.ts';
import type { PersonRef } from './schema.ts';
import { findRequestOfCustomer, findRequestOfUser, type StoredRequest } from './store.ts';

/** A user in the acting company, as auth returns it. */
export const CompanyUser = z.object({
  id: z.uuid(),
  role: z.enum(roles),
  last_admin: z.boolean(),
  /** Whether session, role and company of the acting user are still those of the token. Absent in responses of earlier versions. */
  actor_is_current: z.boolean().default(true),
});
export type CompanyUser = z.infer<typeof CompanyUser>;

type Call = { actor: CompanyActor; signal: AbortSignal };

/** Fetches a user from auth; undefined when the company has none with that id. */
export type CompanyUserClient = (user_id: string, call: Call) => Promise<CompanyUser | undefined>;

/** @throws AppError 401 when the acting user lost its rights, of which the gateway learns later; 503 when auth is unavailable */
export const createCompanyUserClient =
  (auth: ServiceClient): CompanyUserClient =>
  async (user_id, call) => {
    const user = await auth.get(`/internal/privacy/users/${user_id}`, CompanyUser, call);
    if (user?.actor_is_current === false) throw unauthenticated();
    return user;
  };

/** Tells whether the actor may access only its own data. */
export const isLimitedToSelf = ({ role }: Pick<CompanyActor, 'role'>): boolean =>
  role !== 'service' && accessLevel(role, 'gdpr:manage') !== 'any';

/** The person and its user in auth; or the erasure request, once the person has one that is running or done. */
export type ResolvedPerson = { person: Person; user: CompanyUser | undefined } | { request: StoredRequest };

/**
 * Finds the person that a body refers to.
 * @throws AppError 404 for a person that is unknown, of another company, or not accessible; 403 for another company; 503 without auth
 */
export async function resolvePerson(
  db: Db,
  users: CompanyUserClient,
  call: Call,
  { customer_id, user_id = '', business_id }: PersonRef,
): Promise<ResolvedPerson> {
  const { actor } = call;
  if (business_id !== undefined && business_id !== actor.company_id) throw forbidden('business_id is not your company');
  return customer_id === undefined
    ? resolveUser(db, users, call, user_id)
    : resolveCustomer(db, users, call, customer_id);
}

const isOtherUser = (actor: CompanyActor, user_id: string | null) => isLimitedToSelf(actor) && user_id !== actor.id;

async function resolveCustomer(db: Db, users: CompanyUserClient, call: Call, id: string): Promise<ResolvedPerson> {
  const { company_id } = call.actor;
  const customer = await findCustomer(db, company_id, id);
  const request = customer ? undefined : await findRequestOfCustomer(db, company_id, id);
  const customerOrRequest = customer ?? request;
  if (!customerOrRequest || isOtherUser(call.actor, customerOrRequest.user_id)) throw notFound('customer');
  if (request) return { request };
  const { user_id, number: customer_number } = customerOrRequest as typeof customer & object;
  const user = user_id === null ? undefined : await users(user_id, call);
  // Anyone who may write a customer may link it to a user, so staff are exported and erased by their user id only.
  const isStaff = user !== undefined && user.role !== 'customer';
  const person = { company_id, customer_id: id, customer_number, user_id: isStaff ? null : user_id };
  return { person, user: isStaff ? undefined : user };
}

async function resolveUser(db: Db, users: CompanyUserClient, call: Call, user_id: string): Promise<ResolvedPerson> {
  const { company_id } = call.actor;
  if (isOtherUser(call.actor, user_id)) throw notFound('user');
  const profile = await findProfile(db, company_id, user_id);
  const request = profile ? undefined : await findRequestOfUser(db, company_id, user_id);
  if (request) return { request };
  const user = await users(user_id, call);
  if (!profile && (!user || (await isErasedUser(db, company_id, user_id)))) throw notFound('user');
  const ids = { customer_id: profile?.id ?? null, customer_number: profile?.number ?? null };
  return { person: { company_id, ...ids, user_id }, user };
}
