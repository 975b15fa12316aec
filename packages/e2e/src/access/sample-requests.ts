import { randomInt, randomUUID } from 'node:crypto';
import pg from 'pg';
import { assertCreated, signIn, type SignedInUser, type AccessSetup } from './access-setup.ts';
import { factorCode, prepareFactor } from './second-factor.ts';

/** A valid request of a route. `as` is the user who sends it, when it would end the caller's own access. */
export type Sample = {
  path: string;
  body?: unknown;
  as?: SignedInUser;
  /** The body of a route that searches, when it finds nothing. Other routes return 404. */
  emptyResult?: object;
};

/** Builds the request of a route. With `own` it is about the caller's own record, otherwise about another one. */
type SampleFactory = (setup: AccessSetup, caller: SignedInUser, own: boolean) => Promise<Sample> | Sample;

const unique = () => randomUUID().slice(0, 13);
const sample = (path: string, body?: unknown): Sample => ({ path, ...(body !== undefined && { body }) });
const colleague = async ({ createUser }: AccessSetup, { user }: SignedInUser) => createUser(user.role);
const anotherSession = async ({ fleet }: AccessSetup, { email, password }: SignedInUser) =>
  signIn(fleet.url, email, password);

const customer = async ({ create }: AccessSetup) =>
  (await create('/api/customers', { full_name: 'Some Customer' })).customer;
const tag = async (setup: AccessSetup) =>
  (await setup.create(`/api/customers/${(await customer(setup)).id}/tags`, { label: 'VIP' })).tag;
const product = async ({ create }: AccessSetup) =>
  (await create('/api/products', { name: 'Something', price: 1 })).product;

/** A form with a PNG of one pixel. */
function avatarForm(): FormData {
  const bytes = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
  const form = new FormData();
  form.set('file', new Blob([Buffer.from(bytes, 'base64')], { type: 'image/png' }), 'me.png');
  return form;
}

function importForm(): FormData {
  const form = new FormData();
  form.set('file', new Blob(['email,firstname\nana@example.com,Ana\n'], { type: 'text/csv' }), 'customers.csv');
  return form;
}

/** The caller's own profile, or a customer without a user. */
async function customerFor(
  setup: AccessSetup,
  caller: SignedInUser,
  own: boolean,
): Promise<{ id: string; number: number }> {
  if (!own) return customer(setup);
  const { customers } = (await setup.users.admin.get(`/api/customers?search=${caller.email}`)).body;
  const found =
    customers[0] ?? (await setup.create('/api/customers', { user_id: caller.user.id, email: caller.email })).customer;
  return found;
}

const userFor = async (setup: AccessSetup, caller: SignedInUser, own: boolean) =>
  own ? caller : setup.createUser('viewer');

const onCustomer =
  (rest: string, body?: object): SampleFactory =>
  async (setup, caller, own) =>
    sample(`/api/customers/${(await customerFor(setup, caller, own)).id}${rest}`, body);
/** About the caller and the other admin, who sends it too. Staff have a profile only when it was created for them. */
const withProfile =
  (rest: string, body?: object): SampleFactory =>
  async (setup, caller) => {
    await customerFor(setup, caller, true);
    const { otherAdmin } = setup;
    const { status } = await otherAdmin.get('/api/customers/me');
    if (status === 404)
      assertCreated(await otherAdmin.post('/api/customers', { user_id: otherAdmin.user.id, email: otherAdmin.email }));
    return sample(`/api/customers/me${rest}`, body);
  };
const onInteraction =
  (body?: object): SampleFactory =>
  async (setup) => {
    const path = `/api/customers/${(await customer(setup)).id}/interactions`;
    const { interaction } = await setup.create(path, { notes: 'Called', type: 'call' });
    return sample(`${path}/${interaction.id}`, body);
  };
const order = { kind: 'order', direction: 'in', amount: '10.00' };
const onTransaction =
  (body?: object): SampleFactory =>
  async (setup) => {
    const path = `/api/customers/${(await customer(setup)).id}/transactions`;
    const { transaction } = await setup.create(path, { ...order, status: 'pending' });
    return sample(`${path}/${transaction.id}`, body);
  };
const onProduct =
  (rest: string, body?: object): SampleFactory =>
  async (setup) =>
    sample(`/api/products/${(await product(setup)).id}${rest}`, body);
/** By customer number, as in the legacy API. */
const onNumber =
  (rest: string, body?: () => object): SampleFactory =>
  async (setup) =>
    sample(`/rest/v1/customers/${(await customer(setup)).number}${rest}`, body?.());
const newPhone = () => ({ phone: `7${randomInt(1_000_000_000, 10_000_000_000)}` });
const newFavorite = async (setup: AccessSetup, caller: SignedInUser, own: boolean) => ({
  user_id: (await customerFor(setup, caller, own)).number,
  item_id: (await product(setup)).number,
});
const favorites = (path: string): Record<string, SampleFactory> => ({
  [`GET ${path}`]: async (setup, caller, own) => {
    const { user_id } = await setup.create(path, await newFavorite(setup, caller, own));
    return { ...sample(`${path}?user_id=${user_id}`), emptyResult: { items: [], count: 0 } };
  },
  [`POST ${path}`]: async (setup, caller, own) => sample(path, await newFavorite(setup, caller, own)),
  [`DELETE ${path}`]: async (setup, caller, own) => {
    const { id } = await setup.create(path, await newFavorite(setup, caller, own));
    return { ...sample(path, { id: [id] }), emptyResult: { success: true, message: null, data: { count_deleted: 0 } } };
  },
});

/** Sent by a colleague, because it ends the sender's access. */
const asColleague =
  (path: string, body?: (user: SignedInUser) => object): SampleFactory =>
  async (setup, caller) => {
    const user = await colleague(setup, caller);
    return { ...sample(path, body?.(user)), as: user };
  };

/** The token of a mail to a new user. */
async function mailToken({ fleet, createUser }: AccessSetup, purpose: string): Promise<string> {
  const token = randomUUID();
  const { user, email } = await createUser('viewer');
  const address = purpose === 'change_email' ? `${unique()}@example.com` : email;
  const client = new pg.Client({ connectionString: fleet.databases.auth.ownerUrl });
  await client.connect();
  await client.query(
    `insert into mail_tokens (user_id, purpose, email, token_hash, expires_at, sent_at)
     values ($1, $2, $3, sha256($4), now() + interval '1 hour', array[now()])`,
    [user.id, purpose, address, Buffer.from(token)],
  );
  await client.end();
  return token;
}

/** An invitation into the company that was sent long enough ago to be sent again, with its token. */
async function invitation({ fleet, users, company_id }: AccessSetup): Promise<{ id: string; token: string }> {
  const [id, token] = [randomUUID(), randomUUID()];
  const client = new pg.Client({ connectionString: fleet.databases.auth.ownerUrl });
  await client.connect();
  await client.query(
    `insert into invitations (id, company_id, email, role, language, token_hash, invited_by, sent_at, expires_at)
     values ($1, $2, $3, 'viewer', 'en', sha256($4), $5, now() - interval '1 hour', now() + interval '1 day')`,
    [id, company_id, `${unique()}@example.com`, Buffer.from(token), users.superuser.user.id],
  );
  await client.end();
  return { id, token };
}

/** An account of a user at a provider, and the code of a return from there. */
async function identity({ fleet }: AccessSetup, { user }: SignedInUser): Promise<{ id: string; code: string }> {
  const [id, code] = [randomUUID(), randomUUID()];
  const client = new pg.Client({ connectionString: fleet.databases.auth.ownerUrl });
  await client.connect();
  await client.query(
    `with account as (insert into identities (id, user_id, provider, issuer, subject)
                      values ($1, $2, 'test', 'https://id.example.com/', $4) returning *)
     insert into oidc_codes (id, code_hash, user_id, provider, issuer, subject, expires_at)
     select id, sha256($3), user_id, provider, issuer, subject, now() + interval '1 hour' from account`,
    [id, user.id, Buffer.from(code), id],
  );
  await client.end();
  return { id, code };
}

/** Each sends the request of one colleague, whose factor is put into the state that the route needs. */
const secondFactor = (prefix: string): Record<string, SampleFactory> => ({
  [`POST ${prefix}/login/mfa`]: async (setup) => {
    const { secret, mfa_token } = await prepareFactor(setup, 'enabled');
    return sample(`${prefix}/login/mfa`, { mfa_token, code: factorCode(secret) });
  },
  [`GET ${prefix}/mfa`]: () => sample(`${prefix}/mfa`),
  [`POST ${prefix}/mfa/totp`]: async (setup) => {
    const { user } = await prepareFactor(setup, 'pending');
    return { ...sample(`${prefix}/mfa/totp`, { current_password: user.password }), as: user };
  },
  [`POST ${prefix}/mfa/totp/confirm`]: async (setup) => {
    const { user, secret } = await prepareFactor(setup, 'pending');
    return { ...sample(`${prefix}/mfa/totp/confirm`, { code: factorCode(secret) }), as: user };
  },
  [`DELETE ${prefix}/mfa/totp`]: async (setup) => {
    const { user, secret } = await prepareFactor(setup, 'enabled');
    return {
      ...sample(`${prefix}/mfa/totp`, { current_password: user.password, code: factorCode(secret) }),
      as: user,
    };
  },
  [`POST ${prefix}/mfa/recovery-codes`]: async (setup) => {
    const { user, secret } = await prepareFactor(setup, 'enabled');
    return { ...sample(`${prefix}/mfa/recovery-codes`, { code: factorCode(secret) }), as: user };
  },
});

const accounts = (prefix: string): Record<string, SampleFactory> => ({
  [`POST ${prefix}/register`]: () =>
    sample(`${prefix}/register`, { email: `${unique()}@example.com`, password: 'correct horse battery', name: 'New' }),
  [`POST ${prefix}/login`]: ({ users: { viewer } }) =>
    sample(`${prefix}/login`, { email: viewer.email, password: viewer.password }),
  ...secondFactor(prefix),
  [`POST ${prefix}/refresh`]: async (setup) =>
    sample(`${prefix}/refresh`, { refresh_token: (await anotherSession(setup, setup.users.viewer)).refresh_token }),
  [`POST ${prefix}/logout`]: async (setup, caller) => ({
    ...sample(`${prefix}/logout`),
    as: await anotherSession(setup, caller),
  }),
  [`POST ${prefix}/logout-all`]: asColleague(`${prefix}/logout-all`),
  [`GET ${prefix}/me`]: () => sample(`${prefix}/me`),
  [`PATCH ${prefix}/me`]: () => sample(`${prefix}/me`, { address: `Road ${unique()}` }),
  [`POST ${prefix}/change-password`]: asColleague(`${prefix}/change-password`, ({ password }) => ({
    current_password: password,
    new_password: `another ${unique()}`,
  })),
  [`POST ${prefix}/verify-email/request`]: asColleague(`${prefix}/verify-email/request`),
  [`POST ${prefix}/verify-email`]: async (setup) =>
    sample(`${prefix}/verify-email`, { token: await mailToken(setup, 'verify_email') }),
  [`POST ${prefix}/forgot-password`]: ({ users: { viewer } }) =>
    sample(`${prefix}/forgot-password`, { email: viewer.email }),
  [`POST ${prefix}/reset-password`]: async (setup) =>
    sample(`${prefix}/reset-password`, {
      token: await mailToken(setup, 'reset_password'),
      new_password: `another ${unique()}`,
    }),
  [`POST ${prefix}/change-email`]: asColleague(`${prefix}/change-email`, ({ password }) => ({
    email: `${unique()}@example.com`,
    current_password: password,
  })),
  [`POST ${prefix}/change-email/confirm`]: async (setup) =>
    sample(`${prefix}/change-email/confirm`, { token: await mailToken(setup, 'change_email') }),
  [`POST ${prefix}/invitations/look-up`]: async (setup) =>
    sample(`${prefix}/invitations/look-up`, { token: (await invitation(setup)).token }),
  [`POST ${prefix}/invitations/accept`]: async (setup) =>
    sample(`${prefix}/invitations/accept`, {
      token: (await invitation(setup)).token,
      name: 'New User',
      password: `another ${unique()}`,
    }),
  [`GET ${prefix}/oidc`]: () => sample(`${prefix}/oidc`),
  [`POST ${prefix}/oidc/exchange`]: async (setup) =>
    sample(`${prefix}/oidc/exchange`, { code: (await identity(setup, setup.users.viewer)).code }),
  [`DELETE ${prefix}/identities/{identity_id}`]: async (setup, caller) =>
    sample(`${prefix}/identities/${(await identity(setup, caller)).id}`),
  [`GET ${prefix}/sessions`]: () => sample(`${prefix}/sessions`),
  [`DELETE ${prefix}/sessions/{session_id}`]: async (setup, caller) => {
    const user = await anotherSession(setup, caller);
    const { sessions } = (await user.get('/auth/sessions')).body as { sessions: { id: string; current: boolean }[] };
    return { ...sample(`${prefix}/sessions/${sessions.find(({ current }) => current)?.id}`), as: user };
  },
});

const newCompany = () => ({ name: 'A company', document_type: 'passport', document_number: unique() });
const otherCompany = async ({ users }: AccessSetup): Promise<string> =>
  (await users.superuser.post('/api/v1/companies', { ...newCompany() })).body.id;

/** A dead letter of favorites about a soft-deleted customer. Processing it changes nothing there. */
async function failedEvent({ fleet, company_id }: AccessSetup): Promise<string> {
  const id = randomUUID();
  const envelope = {
    id,
    name: 'customer.deleted',
    occurred_at: new Date().toISOString(),
    company_id,
    actor_id: 'service:customer',
    request_id: 'request-1',
    sequence: 2,
    data: { customer_id: randomUUID(), number: 1, hard: false },
  };
  const client = new pg.Client({ connectionString: fleet.databases.favorites.ownerUrl });
  await client.connect();
  const insert = `insert into dead_letters (event_id, envelope, attempts, reason) values ($1, $2, 7, 'tested')`;
  await client.query(insert, [id, envelope]);
  await client.end();
  return id;
}

/** A completed erasure of the caller, who can still sign in, or of an unknown user. */
async function doneErasure({ fleet, company_id }: AccessSetup, caller: SignedInUser, own: boolean): Promise<string> {
  const id = randomUUID();
  const [customer_id, user_id] = [randomUUID(), own ? caller.user.id : randomUUID()];
  const now = new Date().toISOString();
  const receipt = { request_id: id, company_id, customer_id, user_id, requested_at: now, done_at: now, services: [] };
  const client = new pg.Client({ connectionString: fleet.databases.customer.ownerUrl });
  await client.connect();
  await client.query(
    `insert into erasure_requests (company_id, id, customer_id, user_id, requested_by, started_at, done_at, receipt, jws)
     values ($1, $2, $3, $4, 'tested', now(), now(), $5, 'a.b.c')`,
    [company_id, id, customer_id, user_id, receipt],
  );
  await client.end();
  return id;
}
/** A job that is due in an hour, so that it stays queued. */
const onJob =
  (rest = ''): SampleFactory =>
  async ({ fleet, company_id }) => {
    const id = randomUUID();
    const client = new pg.Client({ connectionString: fleet.databases.customer.ownerUrl });
    await client.connect();
    await client.query(
      `insert into jobs (company_id, id, kind, created_by, request_id, due_at)
       values ($1, $2, 'customers.import', 'tested', 'tested', now() + interval '1 hour')`,
      [company_id, id],
    );
    await client.end();
    return sample(`/api/v1/jobs/${id}${rest}`);
  };
/** An import that stays queued, or one that was cancelled: its events end at once. */
const onImport =
  (rest = '', status: 'queued' | 'cancelled' = 'queued'): SampleFactory =>
  async ({ fleet, company_id }) => {
    const id = randomUUID();
    const client = new pg.Client({ connectionString: fleet.databases.customer.ownerUrl });
    await client.connect();
    await client.query(
      `with job as (
         insert into jobs (company_id, id, kind, status, created_by, request_id, due_at, ended_at)
         values ($1, $2, 'customers.import', $3, 'tested', 'tested', now() + interval '1 hour', $4))
       insert into customer_imports (company_id, id, source, match_on, on_match, country, currency, created_by)
       values ($1, $2, 'file', 'email', 'skip', 'ES', 'EUR', 'tested')`,
      [company_id, id, status, status === 'queued' ? null : new Date()],
    );
    await client.end();
    return sample(`/api/customers/imports/${id}${rest}`);
  };
const newApiKey = () => ({ name: `Key ${unique()}`, role: 'viewer' });
const onApiKey =
  (rest = '', body?: object): SampleFactory =>
  async ({ create }) =>
    sample(`/api/v1/api-keys/${(await create('/api/v1/api-keys', newApiKey())).api_key.id}${rest}`, body);
const onErasure =
  (rest: string): SampleFactory =>
  async (setup, caller, own) =>
    sample(`/api/gdpr/requests/${await doneErasure(setup, caller, own)}${rest}`);

export const samples: Readonly<Record<string, SampleFactory>> = {
  'GET /.well-known/jwks.json': () => sample('/.well-known/jwks.json'),
  ...accounts('/auth'),
  ...accounts('/api/auth'),
  ...accounts('/api/v1/auth'),
  'GET /api/v1/profile': () => sample('/api/v1/profile'),
  'PATCH /api/v1/profile': () => sample('/api/v1/profile', { address: `Road ${unique()}` }),

  'GET /api/v1/users': () => sample('/api/v1/users'),
  'POST /api/v1/users': ({ company_id }) =>
    sample('/api/v1/users', {
      username: `u-${unique()}`,
      email: `${unique()}@example.com`,
      password: 'correct horse battery',
      first_name: 'New',
      last_name: 'User',
      role: 'viewer',
      company_id,
    }),
  'GET /api/v1/users/{user_id}': async (setup, caller, own) =>
    sample(`/api/v1/users/${(await userFor(setup, caller, own)).user.id}`),
  'PUT /api/v1/users/{user_id}': async (setup, caller, own) =>
    sample(`/api/v1/users/${(await userFor(setup, caller, own)).user.id}`, { address: `Road ${unique()}` }),
  'DELETE /api/v1/users/{user_id}/mfa': async (setup) =>
    sample(`/api/v1/users/${(await setup.createUser('viewer')).user.id}/mfa`),
  'DELETE /api/v1/users/{user_id}': async ({ createUser }) =>
    sample(`/api/v1/users/${(await createUser('viewer')).user.id}`),
  'GET /auth/oidc/{name}/start': () => sample('/auth/oidc/unknown/start'),
  'GET /auth/oidc/{name}/callback': () => sample('/auth/oidc/unknown/callback'),
  'GET /api/v1/invitations': () => sample('/api/v1/invitations'),
  'POST /api/v1/invitations': ({ company_id }) =>
    sample('/api/v1/invitations', { email: `${unique()}@example.com`, role: 'viewer', company_id }),
  'POST /api/v1/invitations/{invitation_id}/resend': async (setup) =>
    sample(`/api/v1/invitations/${(await invitation(setup)).id}/resend`),
  'DELETE /api/v1/invitations/{invitation_id}': async (setup) =>
    sample(`/api/v1/invitations/${(await invitation(setup)).id}`),
  'GET /api/v1/users/roles': () => sample('/api/v1/users/roles'),
  'GET /api/v1/users/analytics': () => sample('/api/v1/users/analytics'),
  'GET /api/v1/companies': () => sample('/api/v1/companies'),
  'POST /api/v1/companies': () => sample('/api/v1/companies', newCompany()),
  'GET /api/v1/companies/{company_id}': ({ company_id }) => sample(`/api/v1/companies/${company_id}`),
  'PUT /api/v1/companies/{company_id}': ({ company_id }) =>
    sample(`/api/v1/companies/${company_id}`, { name: `Renamed ${unique()}` }),
  'DELETE /api/v1/companies/{company_id}': async (setup, { user }) =>
    sample(`/api/v1/companies/${user.role === 'superuser' ? await otherCompany(setup) : setup.company_id}`),
  'GET /api/v1/companies/analytics': () => sample('/api/v1/companies/analytics'),
  'GET /api/v1/document-types': () => sample('/api/v1/document-types'),
  'POST /api/v1/document-types': () =>
    sample('/api/v1/document-types', { name: 'New', code: `t${unique().replaceAll('-', '')}` }),
  'PUT /api/v1/document-types/{code}': () => sample('/api/v1/document-types/passport', { description: unique() }),
  'GET /api/v1/jobs': () => sample('/api/v1/jobs'),
  'GET /api/v1/jobs/{job_id}': onJob(),
  'POST /api/v1/jobs/{job_id}/cancel': onJob('/cancel'),
  'GET /api/v1/audit-logs': () => sample('/api/v1/audit-logs'),
  'GET /api/v1/events/failed': () => sample('/api/v1/events/failed'),
  'POST /api/v1/events/failed/{event_id}/resend': async (setup) =>
    sample(`/api/v1/events/failed/${await failedEvent(setup)}/resend`),
  'DELETE /api/v1/events/failed/{event_id}': async (setup) =>
    sample(`/api/v1/events/failed/${await failedEvent(setup)}`, { reason: 'tested' }),
  'GET /api/v1/api-keys': () => sample('/api/v1/api-keys'),
  'POST /api/v1/api-keys': () => sample('/api/v1/api-keys', newApiKey()),
  'GET /api/v1/api-keys/{key_id}': onApiKey(),
  'PUT /api/v1/api-keys/{key_id}': onApiKey('', { name: 'Another name' }),
  'DELETE /api/v1/api-keys/{key_id}': onApiKey(),
  'POST /api/v1/api-keys/{key_id}/rotate': onApiKey('/rotate', { grace: '1h' }),
  'GET /api/v1/people': (_setup, { user }) => sample(`/api/v1/people?id=${user.id}&id=service:customer`),

  'GET /api/customers': () => sample('/api/customers'),
  'GET /api/customers/search': () => sample('/api/customers/search?q=anybody'),
  'GET /api/customers/analytics': () => sample('/api/customers/analytics'),
  'GET /api/customers/analytics/series': () =>
    sample('/api/customers/analytics/series?metric=order_value&interval=month'),
  'GET /api/customers/export.csv': () => sample('/api/customers/export.csv'),
  'GET /api/customers/export.jsonl': () => sample('/api/customers/export.jsonl'),
  'POST /api/customers': () => sample('/api/customers', { full_name: 'New Customer' }),
  'POST /api/customers/batch': () =>
    sample('/api/customers/batch', { operations: [{ op: 'create', data: { full_name: 'One of Many' } }] }),
  'GET /api/customers/{customer_id}': onCustomer(''),
  'PUT /api/customers/{customer_id}': onCustomer('', { gender: 'female' }),
  'PATCH /api/customers/{customer_id}': onCustomer('', { gender: 'male' }),
  'DELETE /api/customers/{customer_id}': onCustomer(''),
  'DELETE /api/customers/{customer_id}?hard_delete=true': onCustomer('?hard_delete=true'),
  'PATCH /api/customers/{customer_id}/activate': onCustomer('/activate'),
  'GET /api/customers/me': withProfile(''),
  'PATCH /api/customers/me': withProfile('', { gender: 'male' }),
  'GET /api/customers/me/statistics': withProfile('/statistics'),
  'POST /api/customers/imports': () => sample('/api/customers/imports', importForm()),
  'GET /api/customers/imports': () => sample('/api/customers/imports'),
  'GET /api/customers/imports/{import_id}': onImport(),
  'GET /api/customers/imports/{import_id}/errors.csv': onImport('/errors.csv'),
  'GET /api/customers/imports/{import_id}/events': onImport('/events', 'cancelled'),
  'POST /api/customers/imports/{import_id}/cancel': onImport('/cancel'),
  'POST /api/customers/imports/{import_id}/undo': onImport('/undo', 'cancelled'),
  'GET /api/customers/imports/{import_id}/undo.csv': onImport('/undo.csv'),
  'POST /api/customers/{customer_id}/avatar': onCustomer('/avatar', avatarForm()),
  'DELETE /api/customers/{customer_id}/avatar': onCustomer('/avatar'),
  'GET /avatars/{name}': async (setup) => {
    const path = `/api/customers/${(await customer(setup)).id}/avatar`;
    return sample((await setup.users.admin.post(path, avatarForm())).body.customer.avatar_url);
  },
  'GET /api/customers/{customer_id}/stats': onCustomer('/stats'),
  'GET /api/customers/{customer_id}/statistics': onCustomer('/statistics'),
  'GET /api/customers/{customer_id}/orders': onCustomer('/orders'),
  'GET /api/customers/{customer_id}/complaints': onCustomer('/complaints'),
  'GET /api/customers/{customer_id}/appointments': onCustomer('/appointments'),
  'PATCH /api/customers/{customer_id}/status': onCustomer('/status', { status: 'inactive', reason: 'Asked for it' }),
  'PATCH /api/customers/{customer_id}/type': onCustomer('/type', { type: 'vip' }),
  'GET /api/customers/{customer_id}/history': onCustomer('/history'),
  'GET /api/customers/{customer_id}/tags': onCustomer('/tags'),
  'POST /api/customers/{customer_id}/tags': onCustomer('/tags', { label: 'VIP' }),
  'DELETE /api/customers/{customer_id}/tags/{tag_id}': async (setup) => {
    const { id, customer_id } = await tag(setup);
    return sample(`/api/customers/${customer_id}/tags/${id}`);
  },
  'POST /api/customers/tags': async (setup) =>
    sample('/api/customers/tags', { customer_id: (await customer(setup)).id, label: 'VIP' }),
  'GET /api/customers/tags/labels': () => sample('/api/customers/tags/labels'),
  'GET /api/customers/tags/customer/{customer_id}': async (setup) =>
    sample(`/api/customers/tags/customer/${(await customer(setup)).id}`),
  'DELETE /api/customers/tags/{tag_id}': async (setup) => sample(`/api/customers/tags/${(await tag(setup)).id}`),
  'GET /api/customers/{customer_id}/notes': onCustomer('/notes'),
  'POST /api/customers/{customer_id}/notes': onCustomer('/notes', { content: 'Called' }),
  'DELETE /api/customers/{customer_id}/notes/{note_id}': async (setup) => {
    const { id } = await customer(setup);
    const { note } = await setup.create(`/api/customers/${id}/notes`, { content: 'Called' });
    return sample(`/api/customers/${id}/notes/${note.id}`);
  },

  'POST /api/gdpr/export': async (setup, caller, own) =>
    sample('/api/gdpr/export', { customer_id: (await customerFor(setup, caller, own)).id }),
  'POST /api/gdpr/delete': async (setup, caller, own) => {
    const user = own ? await colleague(setup, caller) : caller;
    const body = { customer_id: (await customerFor(setup, user, own)).id };
    return { ...sample('/api/gdpr/delete?wait=true', body), as: user };
  },
  'GET /api/gdpr/requests': async (setup, caller, own) => {
    if (own) await doneErasure(setup, caller, own);
    const emptyResult = { requests: [], total: 0, page: 1, pages: 0, per_page: 20 };
    return { ...sample('/api/gdpr/requests'), emptyResult };
  },
  'GET /api/gdpr/requests/{request_id}': onErasure(''),
  'GET /api/gdpr/requests/{request_id}/receipt': onErasure('/receipt'),

  'GET /api/customers/{customer_id}/interactions': onCustomer('/interactions'),
  'POST /api/customers/{customer_id}/interactions': onCustomer('/interactions', { notes: 'Called', type: 'call' }),
  'GET /api/customers/{customer_id}/interactions/{interaction_id}': onInteraction(),
  'PUT /api/customers/{customer_id}/interactions/{interaction_id}': onInteraction({ notes: 'Called again' }),
  'PATCH /api/customers/{customer_id}/interactions/{interaction_id}': onInteraction({ notes: 'Called again' }),
  'DELETE /api/customers/{customer_id}/interactions/{interaction_id}': onInteraction(),
  'GET /api/customers/{customer_id}/transactions': onCustomer('/transactions'),
  'POST /api/customers/{customer_id}/transactions': onCustomer('/transactions', order),
  'GET /api/customers/{customer_id}/transactions/{transaction_id}': onTransaction(),
  'PATCH /api/customers/{customer_id}/transactions/{transaction_id}': onTransaction({ status: 'completed' }),
  'GET /api/interactions': () => sample('/api/interactions'),
  'GET /api/interactions/agenda': () => sample('/api/interactions/agenda?from=2026-02-01&to=2026-02-01'),
  'GET /api/transactions': () => sample('/api/transactions'),
  'GET /api/customers/{customer_id}/timeline': onCustomer('/timeline'),
  'GET /api/interaction-types': () => sample('/api/interaction-types'),
  'POST /api/interaction-types': () => sample('/api/interaction-types', { name: `t${unique()}` }),

  'GET /api/products': () => sample('/api/products'),
  'POST /api/products': () => sample('/api/products', { name: 'New', price: 1 }),
  'GET /api/products/{product_id}': onProduct(''),
  'PUT /api/products/{product_id}': onProduct('', { name: 'Renamed' }),
  'PATCH /api/products/{product_id}': onProduct('', { name: 'Renamed' }),
  'DELETE /api/products/{product_id}': onProduct(''),
  'DELETE /api/products/{product_id}?hard_delete=true': onProduct('?hard_delete=true'),
  'PATCH /api/products/{product_id}/activate': onProduct('/activate'),

  ...favorites('/api/favorites'),
  'GET /api/favorites/popular': () => sample('/api/favorites/popular'),
  ...favorites('/rest/v1/favorites'),
  'GET /rest/v1/favorites/popular': () => sample('/rest/v1/favorites/popular'),

  'GET /grpc/v1/service/import_customers': () => sample('/grpc/v1/service/import_customers/'),
  'POST /grpc/v1/service/import_customers': () => sample('/grpc/v1/service/import_customers/'),
  'GET /rest/v1/customers': () => sample('/rest/v1/customers'),
  'POST /rest/v1/customers': () => sample('/rest/v1/customers', newPhone()),
  'GET /rest/v1/customers/{customer_id}': onNumber(''),
  'PATCH /rest/v1/customers/{customer_id}': onNumber('', () => ({ gender: 'M' })),
  'PATCH /rest/v1/customers/{customer_id}/phone': onNumber('/phone', newPhone),
  'DELETE /rest/v1/customers/{customer_id}': onNumber(''),
};

/** Sends a route's request. `company_id` names the company in which a superuser acts, on routes that require it. */
export function send(caller: Pick<SignedInUser, 'send'>, route: string, { path, body }: Sample, company_id?: string) {
  const [method = ''] = route.split(' ');
  const needsCompany =
    company_id && !/^\/(auth|api\/auth|api\/v1(?!\/jobs|\/api-keys)|avatars|\.well-known)\//.test(path);
  return caller.send(
    method,
    needsCompany ? `${path}${path.includes('?') ? '&' : '?'}company_id=${company_id}` : path,
    body,
  );
}
