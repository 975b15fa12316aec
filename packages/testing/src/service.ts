import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, type RequestListener } from 'node:http';
import {
  outsideServices,
  services,
  type Caller,
  type KeyRole,
  type Permission,
  type Role,
  type Service,
} from '@clientela/contracts';
import type { ServiceKeys, CompanyClient, ServiceOptions } from '@clientela/http';
import type { Db } from '@clientela/db';
import type { Express } from 'express';
import { pino } from 'pino';
import supertest, { type Test } from 'supertest';
import { testDatabase, type TestDatabase } from './database.ts';

const keyOf = (caller: Caller) => `key-of-${caller}`;
const callers: readonly Caller[] = ['gateway', ...services, ...outsideServices];
export const testServiceKeys: ServiceKeys = callers.map((service) => ({
  service,
  hash: createHash('sha256').update(keyOf(service)).digest(),
}));

/** The secret of a service under test. */
export const testSecret = 'only-for-tests_'.padEnd(43, 'x');

export type Company = { id: string; company_id: string; country: string; currency: string };

/** An HTTP client that calls a service as the gateway does for a user, as another service, or without an identity. */
export type TestUser = {
  user_id: string;
  company_id: string | undefined;
  get: (path: string) => Test;
  post: (path: string, body?: object) => Test;
  put: (path: string, body?: object) => Test;
  patch: (path: string, body?: object) => Test;
  delete: (path: string, body?: object) => Test;
};

export type PublishedEvent = {
  name: string;
  sequence: number;
  company_id: string | null;
  data: Record<string, unknown>;
};

export type TestService = {
  app: RequestListener;
  database: TestDatabase;
  /** Creates a company that the company client finds. */
  company: (values?: Partial<Company>) => Company;
  /** A user of a company behind the gateway. Auth's tests pass the id of a stored user. */
  user: (role: Role, company?: Pick<Company, 'id'>, user_id?: string) => TestUser;
  /** An API key of a company behind the gateway. */
  apiKey: (role: KeyRole, permissions: readonly Permission[], company: Pick<Company, 'id'>, id?: string) => TestUser;
  /** The gateway without a user. */
  anonymous: () => TestUser;
  /** Another service, for itself or in a company. */
  callingService: (caller: Caller, company?: Company) => TestUser;
  /** Events published so far, in order. */
  events: (name?: string) => Promise<PublishedEvent[]>;
  close: () => Promise<void>;
};

export type TestDeps = Omit<ServiceOptions, 'service' | 'version' | 'routes'> & {
  companies: CompanyClient;
  log: ServiceOptions['log'];
};

/**
 * Creates a service under test with its own database.
 * @param make calls the service's createApp with its other dependencies
 * @param options.pool connections; one by default, so that a query outside of its transaction fails at once
 * @param options.beforeRequest prepares what a request needs, such as its user
 */
export async function testService(
  name: Service,
  make: (deps: TestDeps) => Express,
  options: { pool?: number; beforeRequest?: (request: IncomingMessage, db: Db) => Promise<void> } = {},
): Promise<TestService> {
  const database = await testDatabase(name, options);
  const companies = new Map<string, Company>();
  const service = make({
    db: database.db,
    log: pino({ level: 'silent' }),
    serviceKeys: testServiceKeys,
    secret: testSecret,
    validateResponses: true,
    companies: async (key) => {
      const company = [...companies.values()].find(({ id, company_id }) => id === key || company_id === key);
      return company && { ...company, status: 'active' };
    },
  });

  const { beforeRequest } = options;
  const app: RequestListener = (request, response) => {
    const prepared = beforeRequest?.(request, database.db) ?? Promise.resolve();
    prepared.then(
      () => service(request, response),
      (error: unknown) => response.destroy(error as Error),
    );
  };
  // One server and its connections for all requests: supertest would start a server, or open a connection, for each.
  const server = createServer({ keepAliveTimeout: 0 }, app).listen(0, '127.0.0.1'); // which never ends a connection that is used next
  const agent = new Agent({ keepAlive: true });
  await once(server, 'listening');

  const call = (headers: Record<string, string>, user_id: string, company_id: string | undefined): TestUser => {
    const send = (method: 'get' | 'post' | 'put' | 'patch' | 'delete', path: string, body?: object) => {
      const request = supertest(server)[method](path).agent(agent).set(headers);
      return body === undefined ? request : request.send(body);
    };
    return {
      user_id,
      company_id,
      get: (path) => send('get', path),
      post: (path, body) => send('post', path, body),
      put: (path, body) => send('put', path, body),
      patch: (path, body) => send('patch', path, body),
      delete: (path, body) => send('delete', path, body),
    };
  };

  return {
    app,
    database,
    company: (values = {}) => {
      const id = randomUUID();
      const company = {
        id,
        company_id: `COMP-${String(companies.size + 1).padStart(3, '0')}`,
        country: 'ES',
        currency: 'EUR',
        ...values,
      };
      companies.set(id, company);
      return company;
    },
    user: (role, company, user_id = randomUUID()) => {
      const headers = {
        'X-Service-Key': keyOf('gateway'),
        'X-User-Id': user_id,
        'X-User-Role': role,
        'X-Session-Id': randomUUID(),
        'X-Client-Ip': '192.0.2.7',
        ...(company && { 'X-Company-Id': company.id }),
      };
      return call(headers, user_id, company?.id);
    },
    apiKey: (role, permissions, company, id = randomUUID()) => {
      const headers = {
        'X-Service-Key': keyOf('gateway'),
        'X-Key-Id': id,
        'X-User-Role': role,
        'X-Permissions': permissions.join(','),
        'X-Client-Ip': '192.0.2.7',
        'X-Company-Id': company.id,
      };
      return call(headers, `key:${id}`, company.id);
    },
    anonymous: () => call({ 'X-Service-Key': keyOf('gateway') }, '', undefined),
    callingService: (caller, company) =>
      call(
        { 'X-Service-Key': keyOf(caller), ...(company && { 'X-Company-Id': company.id }) },
        `service:${caller}`,
        company?.id,
      ),
    events: async (name) => {
      const rows = (await database.owner('outbox_events').select('envelope').orderBy('id')) as {
        envelope: PublishedEvent;
      }[];
      return rows.map(({ envelope }) => envelope).filter((event) => !name || event.name === name);
    },
    close: async () => {
      agent.destroy();
      server.close();
      server.closeAllConnections();
      await database.drop();
    },
  };
}
