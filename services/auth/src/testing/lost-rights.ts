import { randomUUID } from 'node:crypto';
import { isInternal, type Route } from '@clientela/http';
import { totpCode, type TestUser } from '@clientela/testing';
import jwt from 'jsonwebtoken';
import type { User } from '../accounts/schema.ts';
import { routes, type AppDeps } from '../app.ts';
import type { TestAuth } from './test-auth.ts';

// What tests of lost rights share: pairs of users, a valid request of every changing route, and every way to lose a right.

const users = '/api/v1/users';
const companies = '/api/v1/companies';
const keys = '/api/v1/api-keys';
export const newPassword = () => `pass-${randomUUID()}`;
export const newEmail = () => `${randomUUID()}@example.com`;

export type StaffRole = 'admin' | 'superuser';
/** A user who signed in; `as` sends its requests with the identity headers that the gateway makes from its token. */
export type SignedIn = { user: User; email: string; password: string; sid: string; as: TestUser };
/** The owner of a company, and a second admin of it or a superuser. `root` is another superuser. */
export type Pair = { auth: TestAuth; root: TestUser; owner: SignedIn; other: SignedIn };

export async function signIn(auth: TestAuth, user: User, email: string, password: string): Promise<SignedIn> {
  const { body } = await auth.anonymous().post('/auth/login', { email, password }).expect(200);
  const { sid } = jwt.decode(body.access_token) as { sid: string };
  const client = auth.user(user.role, user.business_id === null ? undefined : { id: user.business_id }, user.id);
  const header = { 'X-Session-Id': sid };
  const as: TestUser = {
    ...client,
    get: (path) => client.get(path).set(header),
    post: (path, body_) => client.post(path, body_).set(header),
    put: (path, body_) => client.put(path, body_).set(header),
    patch: (path, body_) => client.patch(path, body_).set(header),
    delete: (path, body_) => client.delete(path, body_).set(header),
  };
  return { user, email, password, sid, as };
}

export async function createPair(auth: TestAuth, root: TestUser, role: StaffRole = 'admin'): Promise<Pair> {
  const founder = await auth.register();
  const owner = await signIn(auth, founder.user, founder.email, founder.password);
  const [email, password] = [newEmail(), newPassword()];
  const creator = role === 'superuser' ? root : owner.as;
  const { body: user } = await creator.post(users, { email, password, role }).expect(201);
  return { auth, root, owner, other: await signIn(auth, user, email, password) };
}

type SampleRequest = [path: string, body?: object];

/** A valid request of each changing route. Aliases share one. */
const samples: Readonly<Record<string, (pair: Pair) => Promise<SampleRequest> | SampleRequest>> = {
  'patch /auth/me': () => ['/auth/me', { name: `New ${randomUUID()}` }],
  'post /auth/change-password': ({ other }) => [
    '/auth/change-password',
    { current_password: other.password, new_password: newPassword() },
  ],
  'post /auth/verify-email/request': () => ['/auth/verify-email/request'],
  'post /auth/change-email': ({ other }) => [
    '/auth/change-email',
    { email: newEmail(), current_password: other.password },
  ],
  'post /auth/mfa/totp': ({ other }) => ['/auth/mfa/totp', { current_password: other.password }],
  'post /auth/mfa/totp/confirm': () => ['/auth/mfa/totp/confirm', { code: '123456' }],
  'delete /auth/mfa/totp': ({ other }) => ['/auth/mfa/totp', { current_password: other.password, code: '123456' }],
  'post /auth/mfa/recovery-codes': () => ['/auth/mfa/recovery-codes', { code: '123456' }],
  'delete /api/v1/users/{user_id}/mfa': ({ owner }) => [`${users}/${owner.user.id}/mfa`],
  'post /auth/logout': () => ['/auth/logout'],
  'post /auth/logout-all': () => ['/auth/logout-all'],
  'delete /auth/sessions/{session_id}': async ({ auth, other }) => [
    `/auth/sessions/${(await signIn(auth, other.user, other.email, other.password)).sid}`,
  ],
  'delete /auth/identities/{identity_id}': async ({ auth, other }) => {
    const id = randomUUID();
    const row = { id, user_id: other.user.id, provider: 'test', issuer: 'https://id.example.com/', subject: id };
    await auth.database.owner('identities').insert(row);
    return [`/auth/identities/${id}`];
  },
  'post /api/v1/users': ({ owner, other }) => [
    users,
    {
      email: newEmail(),
      password: newPassword(),
      role: 'admin',
      ...(other.user.role === 'superuser' && { company_id: owner.user.company_id }),
    },
  ],
  'post /api/v1/invitations': (pair) => [invitations, newInvitation(pair)],
  'post /api/v1/invitations/{invitation_id}/resend': async (pair) => {
    const id = await invite(pair);
    await pair.auth.database.owner('invitations').where({ id }).update({ sent_at: '2026-01-01' });
    return [`${invitations}/${id}/resend`];
  },
  'delete /api/v1/invitations/{invitation_id}': async (pair) => [`${invitations}/${await invite(pair)}`],
  'put /api/v1/users/{user_id}': ({ owner }) => [`${users}/${owner.user.id}`, { password: newPassword() }],
  'delete /api/v1/users/{user_id}': async ({ owner }) => {
    const { body } = await owner.as.post(users, { email: newEmail(), password: newPassword() }).expect(201);
    return [`${users}/${body.id}?hard_delete=true`];
  },
  'post /api/v1/companies': () => [companies, { name: 'Another' }],
  'put /api/v1/companies/{company_id}': (pair) => [companyOf(pair), { name: `New ${randomUUID()}` }],
  'delete /api/v1/companies/{company_id}': (pair) => [companyOf(pair)],
  'post /api/v1/document-types': () => [
    '/api/v1/document-types',
    { code: `type_${randomUUID().slice(0, 8)}`, name: 'A type' },
  ],
  'put /api/v1/document-types/{code}': () => ['/api/v1/document-types/passport', { description: randomUUID() }],
  'post /api/v1/api-keys': (pair) => [inCompany(pair, keys), { name: 'A key', role: 'viewer' }],
  'put /api/v1/api-keys/{key_id}': async (pair) => [await keyPath(pair), { name: `New ${randomUUID()}` }],
  'post /api/v1/api-keys/{key_id}/rotate': async (pair) => [await keyPath(pair, '/rotate'), {}],
  'delete /api/v1/api-keys/{key_id}': async (pair) => [await keyPath(pair)],
  'post /api/v1/events/failed/{event_id}/resend': async (pair) => [`${await failedEvent(pair)}/resend`],
  'delete /api/v1/events/failed/{event_id}': async (pair) => [await failedEvent(pair), { reason: 'Never' }],
};

const invitations = '/api/v1/invitations';
const newInvitation = ({ owner, other }: Pair) => ({
  email: newEmail(),
  role: 'viewer',
  ...(other.user.role === 'superuser' && { company_id: owner.user.company_id }),
});
const invite = async (pair: Pair): Promise<string> =>
  (await pair.owner.as.post(invitations, { email: newEmail(), role: 'viewer' }).expect(201)).body.invitation.id;

const changingRoutes = routes({} as AppDeps).filter(
  (definition) => definition.method !== 'get' && definition.allow !== 'open' && !isInternal(definition),
);
const isForSuperusersOnly = ({ allow }: Route) =>
  typeof allow === 'string' && ['companies:create', 'companies:delete', 'document_types:manage'].includes(allow);

/** The changing routes that the role may use. */
export const changingRoutesOf = (role: StaffRole): Route[] =>
  changingRoutes.filter((definition) => role === 'superuser' || !isForSuperusersOnly(definition));

/**
 * Valid requests about a second factor. They set one up first, so that the user can no longer sign in by password alone: only for a pair
 * of their own.
 */
const factorSamples: Readonly<Record<string, (pair: Pair) => Promise<SampleRequest>>> = {
  'post /auth/mfa/totp/confirm': async ({ other }) => ['/auth/mfa/totp/confirm', { code: await setUpFactor(other) }],
  'delete /auth/mfa/totp': async ({ other }) => [
    '/auth/mfa/totp',
    { current_password: other.password, code: await confirmFactor(other) },
  ],
  'post /auth/mfa/recovery-codes': async ({ other }) => [
    '/auth/mfa/recovery-codes',
    { code: await confirmFactor(other) },
  ],
};

/** @returns the code that confirms the factor */
const setUpFactor = async (user: SignedIn): Promise<string> => totpCode(await newSecret(user), Date.now());

/** @returns a code that was not used yet */
async function confirmFactor(user: SignedIn): Promise<string> {
  const secret = await newSecret(user);
  await user.as.post('/auth/mfa/totp/confirm', { code: totpCode(secret, Date.now()) }).expect(200);
  return totpCode(secret, Date.now() + 30_000); // codes are good a step early
}

const newSecret = async ({ as, password }: SignedIn): Promise<string> =>
  (await as.post('/auth/mfa/totp', { current_password: password }).expect(200)).body.secret;

/** Names the company that a superuser acts in. */
const inCompany = ({ owner, other }: Pair, path: string) =>
  other.user.role === 'superuser' ? `${path}?company_id=${owner.user.business_id}` : path;

/** Creates an API key of the owner's company. @returns its path */
async function keyPath(pair: Pair, rest = ''): Promise<string> {
  const { body } = await pair.owner.as.post(keys, { name: 'A key', role: 'viewer' }).expect(201);
  return inCompany(pair, `${keys}/${body.api_key.id}${rest}`);
}

/** Stores a failed event of the owner's company. @returns its path */
async function failedEvent({ auth, owner }: Pair): Promise<string> {
  const [event_id, company_id] = [randomUUID(), owner.user.business_id];
  const envelope = {
    id: event_id,
    name: 'customer.created',
    occurred_at: new Date().toISOString(),
    company_id,
    sequence: 1,
    data: { customer_id: event_id },
  };
  await auth.database.owner('dead_letters').insert({ event_id, envelope, attempts: 1, reason: 'no' });
  return `/api/v1/events/failed/${event_id}`;
}

/**
 * Prepares a request of the pair's other user: valid, or with a code of no second factor.
 * @throws Error for a route without a sample
 */
export async function requestOf(
  { method, path }: Route,
  pair: Pair,
  isValid = false,
): Promise<() => ReturnType<TestUser['delete']>> {
  const name = `${method} ${path.replace('/api/auth/', '/auth/')}`;
  const sample = (isValid && factorSamples[name]) || samples[name];
  if (!sample) throw new Error(`add a sample request of ${method} ${path}`);
  const [target, body] = await sample(pair);
  const url = path.startsWith('/api/auth/') ? `/api${target}` : target;
  return () => pair.other.as[method as 'post'](url, body);
}

export const userPath = ({ user }: SignedIn) => `${users}/${user.id}`;
const companyOf = ({ owner }: Pair) => `${companies}/${owner.user.business_id}`;

type Loss = (pair: Pair) => PromiseLike<{ status: number }>;

/** Every way in which the pair's other user loses its rights. */
export const losses: Readonly<Record<StaffRole, Readonly<Record<string, Loss>>>> = {
  admin: {
    'is deactivated': ({ owner, other }) => owner.as.delete(userPath(other)),
    'is made inactive': ({ owner, other }) => owner.as.put(userPath(other), { active: false }),
    'is demoted': ({ owner, other }) => owner.as.put(userPath(other), { role: 'viewer' }),
    'is deleted': ({ owner, other }) => owner.as.delete(`${userPath(other)}?hard_delete=true`),
    'gets a new password': ({ owner, other }) => owner.as.put(userPath(other), { password: newPassword() }),
    'signs out': ({ other }) => other.as.post('/auth/logout'),
    'signs out everywhere': ({ other }) => other.as.post('/auth/logout-all'),
    'is suspended with its company': (pair) => pair.root.put(companyOf(pair), { status: 'suspended' }),
    'is closed with its company': (pair) => pair.root.delete(companyOf(pair)),
    'was suspended with its company, which is active again': async (pair) => {
      await pair.root.put(companyOf(pair), { status: 'suspended' }).expect(200);
      return pair.root.put(companyOf(pair), { status: 'active' });
    },
    'was deactivated and is active again': async ({ owner, other }) => {
      await owner.as.put(userPath(other), { active: false }).expect(200);
      return owner.as.put(userPath(other), { active: true });
    },
    'ends the session from another one': async ({ auth, other }) => {
      const elsewhere = await signIn(auth, other.user, other.email, other.password);
      return elsewhere.as.delete(`/auth/sessions/${other.sid}`);
    },
    'changes the password in another session': async ({ auth, other }) => {
      const elsewhere = await signIn(auth, other.user, other.email, other.password);
      const change = { current_password: other.password, new_password: newPassword() };
      return elsewhere.as.post('/auth/change-password', change);
    },
  },
  superuser: {
    'is deactivated': ({ root, other }) => root.delete(userPath(other)),
    'is made inactive': ({ root, other }) => root.put(userPath(other), { active: false }),
    'is deleted': ({ root, other }) => root.delete(`${userPath(other)}?hard_delete=true`),
    'gets a new password': ({ root, other }) => root.put(userPath(other), { password: newPassword() }),
    'signs out': ({ other }) => other.as.post('/auth/logout'),
    'signs out everywhere': ({ other }) => other.as.post('/auth/logout-all'),
  },
};

/** Computes a checksum of every table of auth. */
export async function tableChecksums({ database }: TestAuth): Promise<Record<string, string>> {
  const tables = (await database.owner('pg_tables').where({ schemaname: 'public' }).pluck('tablename')) as string[];
  const checksums: Record<string, string> = {};
  for (const table of tables) {
    const { rows } = await database.owner.raw<{ rows: [{ sum: string }] }>(
      `select count(*) || ' ' || md5(coalesce(string_agg(md5(t::text), '' order by md5(t::text)), '')) as sum from ?? t`,
      [table],
    );
    checksums[table] = rows[0].sum;
  }
  return checksums;
}

/** Makes the other user lose its rights and sends a request of every changing route. @returns the status of each, and what changed */
export async function useLostRights(pair: Pair, role: StaffRole, lose: Loss) {
  const requests: [string, Awaited<ReturnType<typeof requestOf>>][] = [];
  for (const definition of changingRoutesOf(role))
    requests.push([`${definition.method} ${definition.path}`, await requestOf(definition, pair)]);
  const { status } = await lose(pair);
  if (status !== 200) throw new Error(`the loss of rights answered ${status}`);
  const before = await tableChecksums(pair.auth);
  const statuses: Record<string, number> = {};
  for (const [name, request] of requests) statuses[name] = (await request()).status;
  const after = await tableChecksums(pair.auth);
  return { statuses, changed: Object.keys(after).filter((table) => after[table] !== before[table]) };
}

/** The result of `useLostRights` when every request was rejected. */
export const allRejected = (role: StaffRole) => ({
  statuses: Object.fromEntries(changingRoutesOf(role).map(({ method, path }) => [`${method} ${path}`, 401])),
  changed: [],
});
