import { outsideServices, OwnChanges } from '@clientela/contracts';
import { duplicateCodes } from '../customers/error-codes.ts';
import type { Db, Tx } from '@clientela/db';
import { forbidden, invalid, notFound } from '@clientela/errors';
import {
  outsideServiceOf,
  reply,
  route,
  withETag,
  type Actor,
  type CompanyActor,
  type CompanyClient,
  type Route,
} from '@clientela/http';
import { changeCustomer } from '../customers/actions.ts';
import { CustomerPatch } from '../customers/patch.ts';
import { requireCompany } from '../customers/company.ts';
import { toRecord, toSavedResponse, toResponse } from '../customers/presenter.ts';
import { SavedCustomerResponse, CustomerResponse } from '../customers/schema.ts';
import { needsCountry } from '../customers/rules.ts';
import type { StoredCustomer } from '../customers/store.ts';
import { toStats } from '../stats/rules.ts';
import { Stats } from '../stats/schema.ts';
import { findCounters } from '../stats/store.ts';
import { ensureProfile, toProfileOwner, type UserWithCompany } from './actions.ts';
import type { UserClient } from './user-client.ts';
import { ownRecordRole } from './rules.ts';
import { NewProfile, ProfileResponse, UserParams } from './schema.ts';
import { findChangeTimes, findProfile } from './store.ts';

type ProfileDeps = { companies: CompanyClient; users: UserClient };

export const profileRoutes = (deps: ProfileDeps): Route[] => [...ownRoutes(deps), ...internalRoutes(deps)];

const me = '/api/customers/me';
const profileDescription =
  'Role customer: created on first use. Staff may have none. A deleted record can still be read.';

/** Own profile: the record, or the user for whom it is to be created. */
type OwnProfile = { profile: StoredCustomer } | { user: UserWithCompany };
type RequestContext = { actor: CompanyActor; signal: AbortSignal; request_id: string };

function ownRoutes({ companies, users }: ProfileDeps): Route[] {
  /** @throws AppError 404 for staff without a profile, 503 when it must be created and auth is unavailable */
  const resolveOwnProfile = async ({
    db,
    actor,
    signal,
    request_id,
  }: RequestContext & { db: Db }): Promise<OwnProfile> => {
    const profile = await findProfile(db, actor.company_id, actor.id);
    if (profile) return { profile };
    const user = actor.role === 'customer' ? await users(actor.id, { request_id, signal }) : undefined;
    if (user?.user.role !== 'customer' || user.company.id !== actor.company_id) throw notFound('customer');
    return { user };
  };
  const fetchCountry = async ({ actor, signal }: RequestContext): Promise<string> => {
    const company = await requireCompany(companies, actor.company_id, { actor, signal });
    return company.country;
  };

  return [
    route({
      method: 'get',
      path: me,
      operation: 'customers.me.get',
      errors: { 404: ['CUSTOMER_NOT_FOUND'] },
      summary: 'Get your own customer record',
      description: profileDescription,
      allow: 'signed_in',
      conditionalGet: false, // counters change without raising the version
      transaction: 'own', // reads, except the first time
      responses: { 200: CustomerResponse },
      prepare: resolveOwnProfile,
      handle: async ({ actor, prepared: own, runStep }) => {
        const profile = 'profile' in own ? own.profile : await runStep(1, (tx) => createProfile(tx, actor, own.user));
        return withETag(profile.version, { customer: toResponse(actor, profile) });
      },
    }),
    route({
      method: 'patch',
      path: me,
      operation: 'customers.me.update',
      errors: {
        403: ['CUSTOMER_SUSPENDED'],
        404: ['CUSTOMER_NOT_FOUND'],
        409: ['CUSTOMER_DELETED', ...duplicateCodes],
      },
      summary: 'Change your own customer record',
      description: 'Like PATCH /api/customers/{customer_id} by role customer, whatever the role.',
      allow: 'signed_in',
      rateLimit: 'customer-patch',
      body: CustomerPatch,
      example: { full_name: 'Ana García', preferences: { language: 'es' } },
      responses: { 200: SavedCustomerResponse },
      prepare: async ({ body, ...context }) => {
        const own = await resolveOwnProfile(context);
        return { own, country: needsCountry(body) ? await fetchCountry(context) : '' };
      },
      handle: async ({ tx, actor, body, expected_version, prepared: { own, country } }) => {
        const { id } = 'profile' in own ? own.profile : await createProfile(tx, actor, own.user);
        const target = { actor: { ...actor, role: ownRecordRole(actor.role) }, id, expected_version };
        return toSavedResponse(actor, 'Customer updated', await changeCustomer(tx, target, body, country));
      },
    }),
    route({
      method: 'get',
      path: `${me}/statistics`,
      operation: 'customers.me.statistics.get',
      errors: { 404: ['CUSTOMER_NOT_FOUND'] },
      summary: 'Get your own statistics',
      description: profileDescription,
      allow: 'signed_in',
      transaction: 'own', // reads, except the first time
      responses: { 200: Stats },
      prepare: resolveOwnProfile,
      handle: async ({ db, actor, prepared: own, runStep }) => {
        const { id } = 'profile' in own ? own.profile : await runStep(1, (tx) => createProfile(tx, actor, own.user));
        const counters = await findCounters(db, actor.company_id, id);
        if (!counters) throw notFound('customer');
        return toStats(counters);
      },
    }),
  ];
}

const createProfile = async (
  tx: Tx,
  actor: CompanyActor,
  { user, company }: UserWithCompany,
): Promise<StoredCustomer> => (await ensureProfile(tx, actor, toProfileOwner(user), company)).customer;

/** @throws AppError 422 for an outside service without X-Company-Id, 403 for another company than that one */
function requireOwnCompany(actor: Actor, business_id: string): void {
  if (!outsideServiceOf(actor)) return; // auth registers users of every company
  if (actor.company_id === null) throw invalid([{ path: 'X-Company-Id', message: 'is required' }]);
  if (business_id !== actor.company_id) throw forbidden('business_id must be the company of X-Company-Id');
}

const internalRoutes = ({ companies }: Pick<ProfileDeps, 'companies'>): Route[] => [
  route({
    method: 'post',
    path: '/api/customers/internal/create',
    summary: 'Create the profile of a user who is a customer',
    description: 'Once per company and user. A value that another customer has is omitted.',
    allow: { internal: ['auth', ...outsideServices] },
    idempotency: 'on',
    tenancy: 'global',
    body: NewProfile,
    responses: { 200: ProfileResponse, 201: ProfileResponse },
    prepare: ({ actor, body, signal }) => {
      requireOwnCompany(actor, body.business_id);
      return requireCompany(companies, body.business_id, { actor, signal });
    },
    handle: async ({ tx, actor, body, prepared: company }) => {
      const origin = { ...actor, company_id: company.id };
      const { customer, created } = await ensureProfile(tx, origin, body, company);
      return reply(created ? 201 : 200, { customer: toRecord(customer) });
    },
  }),
  route({
    method: 'get',
    path: '/internal/users/{user_id}/changes',
    summary: 'Find what a person changed in its own record',
    description:
      'Name and phone, each with the time of its latest change by the person; not those that staff changed since.',
    allow: { internal: ['auth'] },
    params: UserParams,
    responses: { 200: OwnChanges.strict() },
    handle: async ({ db, actor, params }) => {
      const customer = await findProfile(db, actor.company_id, params.user_id);
      if (!customer || customer.deleted_at) throw notFound('customer');
      const times = await findChangeTimes(db, actor.company_id, params.user_id);
      const { full_name, full_name_built, phone } = customer;
      // The parts are of an earlier time when the full name alone was the latest change.
      const arePartsOlder = !full_name_built && times.full_name === times.name;
      const { firstname, lastname } = arePartsOlder ? { firstname: null, lastname: null } : customer;
      return {
        ...(times.name !== undefined && { name: { full_name, firstname, lastname, changed_at: times.name } }),
        ...(times.phone !== undefined && { phone: { value: phone, changed_at: times.phone } }),
      };
    },
  }),
  route({
    method: 'get',
    path: '/api/customers/internal/user/{user_id}',
    summary: 'Find the profile of a user',
    description: 'The undeleted one, else a deleted one.',
    allow: { internal: ['auth', 'interaction', 'favorites', ...outsideServices] },
    params: UserParams,
    responses: { 200: ProfileResponse },
    handle: async ({ db, actor, params }) => {
      const customer = await findProfile(db, actor.company_id, params.user_id);
      if (!customer) throw notFound('customer');
      return { customer: toRecord(customer) };
    },
  }),
];
