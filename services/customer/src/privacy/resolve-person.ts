import { accessLevel, roles, type Person } from '@clientela/contracts';
import type { Db } from '@clientela/db';
import { forbidden, notFound } from '@clientela/errors';
import type { CompanyActor, ServiceClient } from '@clientela/http';
import { z } from 'zod';
import { findCustomer } from '../customers/store.ts';
import { findProfile } from '../profiles/store.ts';
import { isErasedUser } from '../tombstones/store.ts';
import type { PersonRef } from './schema.ts';
import { findRequestOfCustomer, findRequestOfUser, type StoredRequest } from './store.ts';

/** A user as auth knows it, for the company in which the caller acts. */
export const CompanyUser = z.object({ id: z.uuid(), role: z.enum(roles), last_admin: z.boolean() });
export type CompanyUser = z.infer<typeof CompanyUser>;

type Call = { actor: CompanyActor; signal: AbortSignal };

/** Asks auth about a user; undefined when there is none in that company. */
export type CompanyUserClient = (user_id: string, call: Call) => Promise<CompanyUser | undefined>;

/** @throws AppError 503 when auth is away */
export const createCompanyUserClient =
  (auth: ServiceClient): CompanyUserClient =>
  (user_id, call) =>
    auth.get(`/internal/privacy/users/${user_id}`, CompanyUser, call);

/** Whether the caller reaches its own data alone. */
export const isLimitedToSelf = ({ role }: Pick<CompanyActor, 'role'>): boolean =>
  role !== 'service' && accessLevel(role, 'gdpr:manage') !== 'any';

/** Who is meant, with what auth says of the user; or the request by which that person was, or is being, erased. */
export type ResolvedPerson = { person: Person; user: CompanyUser | undefined } | { request: StoredRequest };

/**
 * Finds the person that a body names.
 * @throws AppError 404 for somebody unknown, of another company, or whom the caller does not reach; 403 for another company; 503 when auth is away
 */
export async function resolvePerson(
  db: Db,
  users: CompanyUserClient,
  call: Call,
  { customer_id, user_id = '', business_id }: PersonRef,
): Promise<ResolvedPerson> {
  const { actor } = call;
  if (business_id !== undefined && business_id !== actor.company_id) throw forbidden('That is not your company');
  return customer_id === undefined ? byUser(db, users, call, user_id) : byCustomer(db, users, call, customer_id);
}

const isOtherUser = (actor: CompanyActor, user_id: string | null) => isLimitedToSelf(actor) && user_id !== actor.id;

async function byCustomer(db: Db, users: CompanyUserClient, call: Call, id: string): Promise<ResolvedPerson> {
  const { company_id } = call.actor;
  const customer = await findCustomer(db, company_id, id);
  const request = customer ? undefined : await findRequestOfCustomer(db, company_id, id);
  const found = customer ?? request;
  if (!found || isOtherUser(call.actor, found.user_id)) throw notFound('customer');
  if (request) return { request };
  const { user_id, number: customer_number } = found as typeof customer & object;
  const user = user_id === null ? undefined : await users(user_id, call);
  // Whoever may write a customer may say which user it is: staff are exported and erased by their own name alone.
  const staff = user !== undefined && user.role !== 'customer';
  const person = { company_id, customer_id: id, customer_number, user_id: staff ? null : user_id };
  return { person, user: staff ? undefined : user };
}

async function byUser(db: Db, users: CompanyUserClient, call: Call, user_id: string): Promise<ResolvedPerson> {
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
