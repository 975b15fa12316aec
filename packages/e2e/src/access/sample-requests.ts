import { randomInt, randomUUID } from 'node:crypto';
import pg from 'pg';
import { made, signIn, type Person, type World } from './world.ts';

/** A request that succeeds for whoever may come in. `as` sends it as somebody else than the caller: one whom it does not spoil. */
export type Sample = {
  path: string;
  body?: unknown;
  as?: Person;
  /** A door that looks for records by its query or body: its answer, where others give a 404, when it finds none. */
  nothing?: object;
};

/** Makes the request of a door for one caller. `own` is about the caller's own record, else it is about somebody else's. */
type Make = (world: World, caller: Person, own: boolean) => Promise<Sample> | Sample;

const unique = () => randomUUID().slice(0, 13);
const at = (path: string, body?: unknown): Sample => ({ path, ...(body !== undefined && { body }) });
const colleague = async ({ person }: World, { user }: Person) => person(user.role);
const anotherSession = async ({ street }: World, { email, password }: Person) => signIn(street.url, email, password);

const customer = async ({ make }: World) => (await make('/api/customers', { full_name: 'Some Customer' })).customer;
const tag = async (world: World) =>
  (await world.make(`/api/customers/${(await customer(world)).id}/tags`, { label: 'VIP' })).tag;
const product = async ({ make }: World) => (await make('/api/products', { name: 'Something', price: 1 })).product;

/** A PNG of one pixel, as a browser's form sends it. */
function picture(): FormData {
  const bytes = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
  const form = new FormData();
  form.set('file', new Blob([Buffer.from(bytes, 'base64')], { type: 'image/png' }), 'me.png');
  return form;
}

/** The caller's own profile, or a customer who is nobody's. */
async function customerFor(world: World, caller: Person, own: boolean): Promise<{ id: string; number: number }> {
  if (!own) return customer(world);
  const { customers } = (await world.people.admin.get(`/api/customers?search=${caller.email}`)).body;
  const found =
    customers[0] ?? (await world.make('/api/customers', { user_id: caller.user.id, email: caller.email })).customer;
  return found;
}

const userFor = async (world: World, caller: Person, own: boolean) => (own ? caller : world.person('viewer'));

const onCustomer =
  (rest: string, body?: object): Make =>
  async (world, caller, own) =>
    at(`/api/customers/${(await customerFor(world, caller, own)).id}${rest}`, body);
/** About the caller, and about the stranger who sends it too: staff have a profile only when somebody made it. */
const withProfile =
  (rest: string, body?: object): Make =>
  async (world, caller) => {
    await customerFor(world, caller, true);
    const { stranger } = world;
    const { status } = await stranger.get('/api/customers/me');
    if (status === 404)
      made(await stranger.post('/api/customers', { user_id: stranger.user.id, email: stranger.email }));
    return at(`/api/customers/me${rest}`, body);
  };
const onInteraction =
  (body?: object): Make =>
  async (world) => {
    const path = `/api/customers/${(await customer(world)).id}/interactions`;
    const { interaction } = await world.make(path, { notes: 'Called', type: 'call' });
    return at(`${path}/${interaction.id}`, body);
  };
const order = { kind: 'order', direction: 'in', amount: '10.00' };
const onTransaction =
  (body?: object): Make =>
  async (world) => {
    const path = `/api/customers/${(await customer(world)).id}/transactions`;
    const { transaction } = await world.make(path, { ...order, status: 'pending' });
    return at(`${path}/${transaction.id}`, body);
  };
const onProduct =
  (rest: string, body?: object): Make =>
  async (world) =>
    at(`/api/products/${(await product(world)).id}${rest}`, body);
/** By number, as vApteke names customers. */
const onNumber =
  (rest: string, body?: () => object): Make =>
  async (world) =>
    at(`/rest/v1/customers/${(await customer(world)).number}${rest}`, body?.());
const newPhone = () => ({ phone: `7${randomInt(1_000_000_000, 10_000_000_000)}` });
const newFavorite = async (world: World, caller: Person, own: boolean) => ({
  user_id: (await customerFor(world, caller, own)).number,
  item_id: (await product(world)).number,
});
const favorites = (path: string): Record<string, Make> => ({
  [`GET ${path}`]: async (world, caller, own) => {
    const { user_id } = await world.make(path, await newFavorite(world, caller, own));
    return { ...at(`${path}?user_id=${user_id}`), nothing: { items: [], count: 0 } };
  },
  [`POST ${path}`]: async (world, caller, own) => at(path, await newFavorite(world, caller, own)),
  [`DELETE ${path}`]: async (world, caller, own) => {
    const { id } = await world.make(path, await newFavorite(world, caller, own));
    return { ...at(path, { id: [id] }), nothing: { success: true, message: null, data: { count_deleted: 0 } } };
  },
});

/** Ends the caller's own access, so it is done as a colleague. */
const asColleague =
  (path: string, body?: (it: Person) => object): Make =>
  async (world, caller) => {
    const it = await colleague(world, caller);
    return { ...at(path, body?.(it)), as: it };
  };

const accounts = (prefix: string): Record<string, Make> => ({
  [`POST ${prefix}/register`]: () =>
    at(`${prefix}/register`, { email: `${unique()}@example.com`, password: 'correct horse battery', name: 'New' }),
  [`POST ${prefix}/login`]: ({ people: { viewer } }) =>
    at(`${prefix}/login`, { email: viewer.email, password: viewer.password }),
  [`POST ${prefix}/refresh`]: async (world) =>
    at(`${prefix}/refresh`, { refresh_token: (await anotherSession(world, world.people.viewer)).refresh_token }),
  [`POST ${prefix}/logout`]: async (world, caller) => ({
    ...at(`${prefix}/logout`),
    as: await anotherSession(world, caller),
  }),
  [`POST ${prefix}/logout-all`]: asColleague(`${prefix}/logout-all`),
  [`GET ${prefix}/me`]: () => at(`${prefix}/me`),
  [`PATCH ${prefix}/me`]: () => at(`${prefix}/me`, { address: `Street ${unique()}` }),
  [`POST ${prefix}/change-password`]: asColleague(`${prefix}/change-password`, ({ password }) => ({
    current_password: password,
    new_password: `another ${unique()}`,
  })),
  [`GET ${prefix}/sessions`]: () => at(`${prefix}/sessions`),
  [`DELETE ${prefix}/sessions/{session_id}`]: async (world, caller) => {
    const it = await anotherSession(world, caller);
    const { sessions } = (await it.get('/auth/sessions')).body as { sessions: { id: string; current: boolean }[] };
    return { ...at(`${prefix}/sessions/${sessions.find(({ current }) => current)?.id}`), as: it };
  },
});

const newCompany = () => ({ name: 'A company', document_type: 'passport', document_number: unique() });
const otherCompany = async ({ people }: World): Promise<string> =>
  (await people.superuser.post('/api/v1/companies', { ...newCompany() })).body.id;

/** An event that favorites heard and could not do: it says that a customer was deleted who may come back, which changes nothing there. */
async function failedEvent({ street, company_id }: World): Promise<string> {
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
  const client = new pg.Client({ connectionString: street.databases.favorites.owner_url });
  await client.connect();
  const insert = `insert into dead_letters (event_id, envelope, attempts, reason) values ($1, $2, 7, 'tested')`;
  await client.query(insert, [id, envelope]);
  await client.end();
  return id;
}

/** An erasure that is done, of somebody who can still sign in: of the caller, or of nobody. */
async function doneErasure({ street, company_id }: World, caller: Person, own: boolean): Promise<string> {
  const id = randomUUID();
  const [customer_id, user_id] = [randomUUID(), own ? caller.user.id : randomUUID()];
  const at = new Date().toISOString();
  const receipt = { request_id: id, company_id, customer_id, user_id, requested_at: at, done_at: at, services: [] };
  const client = new pg.Client({ connectionString: street.databases.customer.owner_url });
  await client.connect();
  await client.query(
    `insert into erasure_requests (company_id, id, customer_id, user_id, requested_by, started_at, done_at, receipt, jws)
     values ($1, $2, $3, $4, 'tested', now(), now(), $5, 'a.b.c')`,
    [company_id, id, customer_id, user_id, receipt],
  );
  await client.end();
  return id;
}
const onErasure =
  (rest: string): Make =>
  async (world, caller, own) =>
    at(`/api/gdpr/requests/${await doneErasure(world, caller, own)}${rest}`);

export const samples: Readonly<Record<string, Make>> = {
  'GET /.well-known/jwks.json': () => at('/.well-known/jwks.json'),
  ...accounts('/auth'),
  ...accounts('/api/auth'),

  'GET /api/v1/users': () => at('/api/v1/users'),
  'POST /api/v1/users': ({ company_id }) =>
    at('/api/v1/users', {
      username: `u-${unique()}`,
      email: `${unique()}@example.com`,
      password: 'correct horse battery',
      first_name: 'New',
      last_name: 'User',
      role: 'viewer',
      company_id,
    }),
  'GET /api/v1/users/{user_id}': async (world, caller, own) =>
    at(`/api/v1/users/${(await userFor(world, caller, own)).user.id}`),
  'PUT /api/v1/users/{user_id}': async (world, caller, own) =>
    at(`/api/v1/users/${(await userFor(world, caller, own)).user.id}`, { address: `Street ${unique()}` }),
  'DELETE /api/v1/users/{user_id}': async ({ person }) => at(`/api/v1/users/${(await person('viewer')).user.id}`),
  'GET /api/v1/users/roles': () => at('/api/v1/users/roles'),
  'GET /api/v1/users/analytics': () => at('/api/v1/users/analytics'),
  'GET /api/v1/companies': () => at('/api/v1/companies'),
  'POST /api/v1/companies': () => at('/api/v1/companies', newCompany()),
  'GET /api/v1/companies/{company_id}': ({ company_id }) => at(`/api/v1/companies/${company_id}`),
  'PUT /api/v1/companies/{company_id}': ({ company_id }) =>
    at(`/api/v1/companies/${company_id}`, { name: `Renamed ${unique()}` }),
  'DELETE /api/v1/companies/{company_id}': async (world, { user }) =>
    at(`/api/v1/companies/${user.role === 'superuser' ? await otherCompany(world) : world.company_id}`),
  'GET /api/v1/companies/analytics': () => at('/api/v1/companies/analytics'),
  'GET /api/v1/document-types': () => at('/api/v1/document-types'),
  'POST /api/v1/document-types': () =>
    at('/api/v1/document-types', { name: 'New', code: `t${unique().replaceAll('-', '')}` }),
  'PUT /api/v1/document-types/{code}': () => at('/api/v1/document-types/passport', { description: unique() }),
  'GET /api/v1/audit-logs': () => at('/api/v1/audit-logs'),
  'GET /api/v1/events/failed': () => at('/api/v1/events/failed'),
  'POST /api/v1/events/failed/{event_id}/resend': async (world) =>
    at(`/api/v1/events/failed/${await failedEvent(world)}/resend`),

  'GET /api/customers': () => at('/api/customers'),
  'GET /api/customers/search': () => at('/api/customers/search?q=anybody'),
  'GET /api/customers/analytics': () => at('/api/customers/analytics'),
  'POST /api/customers': () => at('/api/customers', { full_name: 'New Customer' }),
  'POST /api/customers/batch': () =>
    at('/api/customers/batch', { operations: [{ op: 'create', data: { full_name: 'One of Many' } }] }),
  'GET /api/customers/{customer_id}': onCustomer(''),
  'PUT /api/customers/{customer_id}': onCustomer('', { gender: 'female' }),
  'PATCH /api/customers/{customer_id}': onCustomer('', { gender: 'male' }),
  'DELETE /api/customers/{customer_id}': onCustomer(''),
  'DELETE /api/customers/{customer_id}?hard_delete=true': onCustomer('?hard_delete=true'),
  'PATCH /api/customers/{customer_id}/activate': onCustomer('/activate'),
  'GET /api/customers/me': withProfile(''),
  'PATCH /api/customers/me': withProfile('', { gender: 'male' }),
  'GET /api/customers/me/statistics': withProfile('/statistics'),
  'POST /api/customers/{customer_id}/avatar': onCustomer('/avatar', picture()),
  'DELETE /api/customers/{customer_id}/avatar': onCustomer('/avatar'),
  'GET /avatars/{name}': async (world) => {
    const path = `/api/customers/${(await customer(world)).id}/avatar`;
    return at((await world.people.admin.post(path, picture())).body.customer.avatar_url);
  },
  'GET /api/customers/{customer_id}/stats': onCustomer('/stats'),
  'GET /api/customers/{customer_id}/orders': onCustomer('/orders'),
  'GET /api/customers/{customer_id}/complaints': onCustomer('/complaints'),
  'GET /api/customers/{customer_id}/appointments': onCustomer('/appointments'),
  'PATCH /api/customers/{customer_id}/status': onCustomer('/status', { status: 'inactive', reason: 'Asked for it' }),
  'PATCH /api/customers/{customer_id}/type': onCustomer('/type', { type: 'vip' }),
  'GET /api/customers/{customer_id}/history': onCustomer('/history'),
  'GET /api/customers/{customer_id}/tags': onCustomer('/tags'),
  'POST /api/customers/{customer_id}/tags': onCustomer('/tags', { label: 'VIP' }),
  'DELETE /api/customers/{customer_id}/tags/{tag_id}': async (world) => {
    const { id, customer_id } = await tag(world);
    return at(`/api/customers/${customer_id}/tags/${id}`);
  },
  'POST /api/customers/tags': async (world) =>
    at('/api/customers/tags', { customer_id: (await customer(world)).id, label: 'VIP' }),
  'GET /api/customers/tags/customer/{customer_id}': async (world) =>
    at(`/api/customers/tags/customer/${(await customer(world)).id}`),
  'DELETE /api/customers/tags/{tag_id}': async (world) => at(`/api/customers/tags/${(await tag(world)).id}`),
  'GET /api/customers/{customer_id}/notes': onCustomer('/notes'),
  'POST /api/customers/{customer_id}/notes': onCustomer('/notes', { content: 'Called' }),
  'DELETE /api/customers/{customer_id}/notes/{note_id}': async (world) => {
    const { id } = await customer(world);
    const { note } = await world.make(`/api/customers/${id}/notes`, { content: 'Called' });
    return at(`/api/customers/${id}/notes/${note.id}`);
  },

  'POST /api/gdpr/export': async (world, caller, own) =>
    at('/api/gdpr/export', { customer_id: (await customerFor(world, caller, own)).id }),
  'POST /api/gdpr/delete': async (world, caller, own) => {
    const it = own ? await colleague(world, caller) : caller;
    const body = { customer_id: (await customerFor(world, it, own)).id };
    return { ...at('/api/gdpr/delete?wait=true', body), as: it };
  },
  'GET /api/gdpr/requests': async (world, caller, own) => {
    if (own) await doneErasure(world, caller, own);
    const nothing = { requests: [], total: 0, page: 1, pages: 0, per_page: 20 };
    return { ...at('/api/gdpr/requests'), nothing };
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
  'GET /api/transactions': () => at('/api/transactions'),
  'GET /api/customers/{customer_id}/timeline': onCustomer('/timeline'),
  'GET /api/interaction-types': () => at('/api/interaction-types'),
  'POST /api/interaction-types': () => at('/api/interaction-types', { name: `t${unique()}` }),

  'GET /api/products': () => at('/api/products'),
  'POST /api/products': () => at('/api/products', { name: 'New', price: 1 }),
  'GET /api/products/{product_id}': onProduct(''),
  'PUT /api/products/{product_id}': onProduct('', { name: 'Renamed' }),
  'PATCH /api/products/{product_id}': onProduct('', { name: 'Renamed' }),
  'DELETE /api/products/{product_id}': onProduct(''),
  'DELETE /api/products/{product_id}?hard_delete=true': onProduct('?hard_delete=true'),
  'PATCH /api/products/{product_id}/activate': onProduct('/activate'),

  ...favorites('/api/favorites'),
  'GET /api/favorites/popular': () => at('/api/favorites/popular'),
  ...favorites('/rest/v1/favorites'),

  'GET /rest/v1/customers': () => at('/rest/v1/customers'),
  'POST /rest/v1/customers': () => at('/rest/v1/customers', newPhone()),
  'GET /rest/v1/customers/{customer_id}': onNumber(''),
  'PATCH /rest/v1/customers/{customer_id}': onNumber('', () => ({ gender: 'M' })),
  'PATCH /rest/v1/customers/{customer_id}/phone': onNumber('/phone', newPhone),
  'DELETE /rest/v1/customers/{customer_id}': onNumber(''),
};

/** Sends a door's request. A superuser names the company it acts in, where that is how it is done. */
export function send(caller: Pick<Person, 'send'>, door: string, { path, body }: Sample, company_id?: string) {
  const [method = ''] = door.split(' ');
  const named = company_id && !/^\/(auth|api\/auth|api\/v1|avatars|\.well-known)\//.test(path);
  return caller.send(method, named ? `${path}${path.includes('?') ? '&' : '?'}company_id=${company_id}` : path, body);
}
