import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { signIn, type Person, type World } from './world.ts';

/** A request that succeeds for whoever may come in. `as` sends it as somebody else than the caller: one whom it does not spoil. */
export type Sample = { path: string; body?: unknown; as?: Person };

/** Makes the request of a door for one caller. `own` is about the caller's own record, else it is about somebody else's. */
type Make = (world: World, caller: Person, own: boolean) => Promise<Sample> | Sample;

const unique = () => randomUUID().slice(0, 13);
const at = (path: string, body?: unknown): Sample => ({ path, ...(body !== undefined && { body }) });
const colleague = async ({ person }: World, { user }: Person) => person(user.role);
const anotherSession = async ({ street }: World, { email, password }: Person) => signIn(street.url, email, password);

const customer = async ({ make }: World) => (await make('/api/customers', { full_name: 'Some Customer' })).customer;
const product = async ({ make }: World) => (await make('/api/products', { name: 'Something', price: 1 })).product;

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
const onProduct =
  (rest: string, body?: object): Make =>
  async (world) =>
    at(`/api/products/${(await product(world)).id}${rest}`, body);
const newFavorite =
  (path: string): Make =>
  async (world) =>
    at(path, { user_id: (await customer(world)).number, item_id: (await product(world)).number });

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
  const insert = `insert into inbox_failures (event_id, envelope, attempts, reason) values ($1, $2, 7, 'tested')`;
  await client.query(insert, [id, envelope]);
  await client.end();
  return id;
}

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
  'POST /api/customers': () => at('/api/customers', { full_name: 'New Customer' }),
  'GET /api/customers/{customer_id}': onCustomer(''),
  'PUT /api/customers/{customer_id}': onCustomer('', { gender: 'female' }),
  'PATCH /api/customers/{customer_id}': onCustomer('', { gender: 'male' }),
  'DELETE /api/customers/{customer_id}': onCustomer(''),
  'DELETE /api/customers/{customer_id}?hard_delete=true': onCustomer('?hard_delete=true'),
  'PATCH /api/customers/{customer_id}/activate': onCustomer('/activate'),

  'GET /api/customers/{customer_id}/interactions': onCustomer('/interactions'),
  'POST /api/customers/{customer_id}/interactions': onCustomer('/interactions', { notes: 'Called', type: 'call' }),
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

  'GET /api/favorites': () => at('/api/favorites'),
  'POST /api/favorites': newFavorite('/api/favorites'),
  'GET /rest/v1/favorites': () => at('/rest/v1/favorites'),
  'POST /rest/v1/favorites': newFavorite('/rest/v1/favorites'),
};

/** Sends a door's request. A superuser names the company it acts in, where that is how it is done. */
export function send(caller: Pick<Person, 'send'>, door: string, { path, body }: Sample, company_id?: string) {
  const [method = ''] = door.split(' ');
  const named = company_id && !/^\/(auth|api\/auth|api\/v1|\.well-known)\//.test(path);
  return caller.send(method, named ? `${path}${path.includes('?') ? '&' : '?'}company_id=${company_id}` : path, body);
}
