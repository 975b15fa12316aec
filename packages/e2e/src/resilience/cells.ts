import { randomUUID } from 'node:crypto';
import type { Peer, Service } from '@clientela/fleet';
import type { TestResponse } from '../testing/test-fleet.ts';
import type { Fault } from './fault-proxy.ts';
import type { ResilienceFleet } from './resilience-fleet.ts';

/** What a process depends on. A service's own routes depend on its database; its callers depend on the service. */
export type Dependency = Service | `${Service}’s database` | 'Redis' | 'RabbitMQ';

/** The status that a client gets, one of several where it depends on when the fault strikes, and within how many seconds. */
type Outcome = readonly [status: number | readonly number[], seconds: number];
type Outcomes = Readonly<Record<Fault, Outcome>>;

/** One row of the table: a request that needs the dependency, and what becomes of it under each fault. */
export type Row = {
  caller: Peer;
  dependency: Dependency;
  request: string;
  send: (fleet: ResilienceFleet) => Promise<TestResponse>;
  /** The status without a fault. */
  normal: number;
  expected: Outcomes;
  /** What a response under the fault contains. */
  contains?: string;
  /** The command by which the request uses Redis without a fault, as MONITOR shows it. */
  redisCommand?: RegExp;
};

// A service behind the gateway: a GET is repeated once on another connection; nothing else is.
const behindGateway: Outcomes = {
  down: [503, 1],
  slow: [200, 7],
  reset: [502, 1],
  hang: [504, 11],
  garbage: [502, 1],
};
// A service that another service needs for the request: 2 s with retries, at once while the breaker is open.
const needed: Outcomes = { down: [503, 3], slow: [503, 3], reset: [503, 3], hang: [503, 3], garbage: [503, 3] };
// A service that only adds to the response.
const optional = (status: number, seconds: number): Outcomes => ({
  down: [status, seconds],
  slow: [status, seconds],
  reset: [status, seconds],
  hang: [status, seconds],
  garbage: [status, seconds],
});
// The parts of an export may take 12 s each.
const exported: Outcomes = { ...needed, slow: [200, 25], hang: [503, 14] };
// A connection is opened within 2 s, a statement has 5 s, and a silent server 6 s.
const database = (success: number): Outcomes => ({
  down: [503, 3],
  slow: [[success, 503, 504], 11],
  reset: [503, 3],
  hang: [503, 7],
  garbage: [503, 7],
});

const read = (path: string) => (fleet: ResilienceFleet) => fleet.admin.get(path);
const newProduct = ({ admin }: ResilienceFleet) => admin.post('/api/products', { name: 'Lamp', price: 1 });
const newCustomer = ({ admin }: ResilienceFleet) => admin.post('/api/customers', { full_name: 'Ana' });
const readCustomer = ({ admin, customer }: ResilienceFleet) => admin.get(`/api/customers/${customer.id}`);
const newInteraction = ({ admin, customer }: ResilienceFleet) =>
  admin.post(`/api/customers/${customer.id}/interactions`, { notes: 'Talk', type: 'call' });
const newTransaction = ({ admin, customer, product }: ResilienceFleet) =>
  admin.post(`/api/customers/${customer.id}/transactions`, {
    kind: 'order',
    direction: 'in',
    amount: '1.00',
    product_id: product.id,
  });
const newFavorite = ({ admin, customer, product }: ResilienceFleet) =>
  admin.post('/rest/v1/favorites', { user_id: customer.number, item_id: product.number });
const exportPerson = ({ patientAdmin, customer }: ResilienceFleet) =>
  patientAdmin.post('/api/gdpr/export', { customer_id: customer.id });
const failedEvents = read('/api/v1/events/failed');
const newUser = ({ admin }: ResilienceFleet) =>
  admin.post('/api/v1/users', {
    email: `${randomUUID()}@example.com`,
    password: 'correct horse battery',
    first_name: 'Some',
    last_name: 'One',
    role: 'customer',
  });
/** Signs in, and measures the sign-out. */
const signOut = async ({ signIn }: ResilienceFleet) => (await signIn()).post('/auth/logout');
/** Needs auth to find the company, which does not exist. */
const inCompany = (path: string) => (fleet: ResilienceFleet) => fleet.superuser.get(`${path}?company_id=COMP-999`);

const ownReads = {
  auth: { request: 'GET /auth/me', send: read('/auth/me') },
  customer: { request: 'GET /api/customers/{id}', send: readCustomer },
  interaction: { request: 'GET /api/interaction-types', send: read('/api/interaction-types') },
  product: { request: 'GET /api/products', send: read('/api/products') },
  favorites: { request: 'GET /rest/v1/favorites', send: read('/rest/v1/favorites') },
};
const ownServices = Object.keys(ownReads) as Service[];

const companyReads = {
  customer: '/api/customers',
  interaction: '/api/interaction-types',
  product: '/api/products',
  favorites: '/rest/v1/favorites',
} as const;

export const rows: readonly Row[] = [
  ...ownServices.map((dependency): Row => {
    const { request, send } = ownReads[dependency];
    return { caller: 'gateway', dependency, request, send, normal: 200, expected: behindGateway };
  }),
  ...ownServices.map((caller): Row => {
    const { request, send } = ownReads[caller];
    return { caller, dependency: `${caller}’s database`, request, send, normal: 200, expected: database(200) };
  }),
  {
    caller: 'customer',
    dependency: 'customer’s database',
    request: 'POST /api/customers',
    send: newCustomer,
    normal: 201,
    expected: database(201),
  },
  {
    caller: 'product',
    dependency: 'product’s database',
    request: 'POST /api/products',
    send: newProduct,
    normal: 201,
    expected: database(201),
  },
  ...(Object.keys(companyReads) as (keyof typeof companyReads)[]).map((caller): Row => ({
    caller,
    dependency: 'auth',
    request: `GET ${companyReads[caller]}?company_id=COMP-999`,
    send: inCompany(companyReads[caller]),
    normal: 422,
    expected: needed,
  })),
  {
    caller: 'product',
    dependency: 'auth',
    request: 'POST /api/products (a company it knows)',
    send: newProduct,
    normal: 201,
    expected: optional(201, 3),
  },
  ...(['customer', 'interaction', 'product', 'favorites'] as const).map((dependency): Row => ({
    caller: 'auth',
    dependency,
    request: 'GET /api/v1/events/failed',
    send: failedEvents,
    normal: 200,
    expected: optional(200, 3),
    contains: dependency,
  })),
  {
    caller: 'customer',
    dependency: 'interaction',
    request: 'GET /api/customers/{id}/orders',
    send: ({ admin, customer }) => admin.get(`/api/customers/${customer.id}/orders`),
    normal: 200,
    expected: optional(200, 3),
    contains: 'note',
  },
  ...(['auth', 'interaction', 'favorites'] as const).map((dependency): Row => ({
    caller: 'customer',
    dependency,
    request: 'POST /api/gdpr/export',
    send: exportPerson,
    normal: 200,
    expected: exported,
  })),
  {
    caller: 'customer',
    dependency: 'product',
    request: 'POST /api/gdpr/export (product has no personal data)',
    send: exportPerson,
    normal: 200,
    expected: optional(200, 3),
  },
  {
    caller: 'interaction',
    dependency: 'customer',
    request: 'POST /api/customers/{id}/interactions',
    send: newInteraction,
    normal: 201,
    expected: needed,
  },
  {
    caller: 'interaction',
    dependency: 'product',
    request: 'POST /api/customers/{id}/transactions',
    send: newTransaction,
    normal: 201,
    expected: needed,
  },
  {
    caller: 'favorites',
    dependency: 'customer',
    request: 'POST /rest/v1/favorites',
    send: newFavorite,
    normal: 200,
    expected: needed,
  },
  {
    caller: 'favorites',
    dependency: 'product',
    request: 'POST /rest/v1/favorites',
    send: newFavorite,
    normal: 200,
    expected: needed,
  },
  {
    caller: 'gateway',
    dependency: 'Redis',
    request: 'GET /api/customers/{id}',
    send: readCustomer,
    normal: 200,
    expected: optional(200, 1),
    redisCommand: /"evalsha" .*"clientela:rate:user:/,
  },
  {
    caller: 'customer',
    dependency: 'Redis',
    request: 'PATCH /api/customers/{id}',
    send: ({ admin, customer }) => admin.patch(`/api/customers/${customer.id}`, { full_name: 'Ana' }),
    normal: 200,
    expected: optional(200, 1),
    redisCommand: /"evalsha" .*"clientela:rate:customer-patch:/,
  },
  {
    caller: 'auth',
    dependency: 'Redis',
    request: 'POST /auth/logout',
    send: signOut,
    normal: 200,
    expected: optional(200, 2),
    redisCommand: /"publish" "clientela:revocations"/,
  },
  {
    caller: 'auth',
    dependency: 'customer',
    request: 'POST /api/v1/users',
    send: newUser,
    normal: 201,
    expected: optional(201, 3),
  },
  {
    caller: 'auth',
    dependency: 'RabbitMQ',
    request: 'POST /api/v1/users',
    send: newUser,
    normal: 201,
    expected: optional(201, 2),
  },
  {
    caller: 'customer',
    dependency: 'RabbitMQ',
    request: 'POST /api/customers',
    send: newCustomer,
    normal: 201,
    expected: optional(201, 1),
  },
  {
    caller: 'interaction',
    dependency: 'RabbitMQ',
    request: 'POST /api/customers/{id}/interactions',
    send: newInteraction,
    normal: 201,
    expected: optional(201, 1),
  },
  {
    caller: 'product',
    dependency: 'RabbitMQ',
    request: 'POST /api/products',
    send: newProduct,
    normal: 201,
    expected: optional(201, 1),
  },
  {
    caller: 'favorites',
    dependency: 'RabbitMQ',
    request: 'POST /rest/v1/favorites',
    send: newFavorite,
    normal: 200,
    expected: optional(200, 1),
  },
];

export const dependencies: readonly Dependency[] = [...new Set(rows.map(({ dependency }) => dependency))];
/** Services that publish events, which wait in their outbox while RabbitMQ is away. */
export const publishers = ['auth', 'customer', 'interaction', 'product', 'favorites'] as const;
/** Seconds after the end of a fault within which everything works again. */
export const recovery = 10;
