import { createHash, randomUUID } from 'node:crypto';
import type { Peer, Role, Service } from '@clientela/contracts';
import type { Tx } from '@clientela/db';
import type { ServiceKeys, CompanyClient, ServiceOptions } from '@clientela/http';
import type { Express } from 'express';
import { pino } from 'pino';
import supertest, { type Test } from 'supertest';
import { testDatabase, type TestDatabase } from './database.ts';

const keyOf = (program: Peer) => `key-of-${program}`;
const peers: readonly Peer[] = ['gateway', 'auth', 'customer', 'interaction', 'product', 'favorites'];
export const testServiceKeys: ServiceKeys = peers.map((service) => ({
  service,
  hash: createHash('sha256').update(keyOf(service)).digest(),
}));

/** The secret of a program under test. */
export const testSecret = 'only-for-tests_'.padEnd(43, 'x');

export type Company = { id: string; company_id: string; country: string; currency: string };

/** Somebody who calls: a user of a company as the gateway announces it, a service, or nobody. */
export type TestUser = {
  user_id: string;
  company_id: string | undefined;
  get: (path: string) => Test;
  post: (path: string, body?: object) => Test;
  put: (path: string, body?: object) => Test;
  patch: (path: string, body?: object) => Test;
  delete: (path: string) => Test;
};

export type PublishedEvent = {
  name: string;
  sequence: number;
  company_id: string | null;
  data: Record<string, unknown>;
};

export type TestService = {
  app: Express;
  database: TestDatabase;
  /** A company that auth would know. */
  company: (values?: Partial<Company>) => Company;
  /** A user of a company, through the gateway; for auth, which knows its users, one of a given id. */
  user: (role: Role, company?: Pick<Company, 'id'>, user_id?: string) => TestUser;
  /** The gateway without a signed-in user. */
  anonymous: () => TestUser;
  /** Another program, for itself or for a user's company. */
  callingService: (program: Peer, company?: Company) => TestUser;
  /** What was said since the test began, in the order of its saying. */
  events: (name?: string) => Promise<PublishedEvent[]>;
  close: () => Promise<void>;
};

export type TestParts = Omit<ServiceOptions, 'service' | 'version' | 'routes'> & {
  companies: CompanyClient;
  log: ServiceOptions['log'];
};

/**
 * A service under test on a database of its own, called as the gateway calls it.
 * @param make the service's createApp, with whatever else it needs put in
 * @param options.pool connections; one by default, so that a query that escapes its transaction fails at once
 */
export async function testService(
  service: Service,
  make: (parts: TestParts) => Express,
  options: { pool?: number } = {},
): Promise<TestService> {
  const database = await testDatabase(service, options);
  const known = new Map<string, Company>();
  const app = make({
    db: database.db,
    log: pino({ level: 'silent' }),
    serviceKeys: testServiceKeys,
    secret: testSecret,
    validateResponses: true,
    companies: async (key) => {
      const company = [...known.values()].find(({ id, company_id }) => id === key || company_id === key);
      return company && { ...company, status: 'active' };
    },
  });

  const call = (headers: Record<string, string>, user_id: string, company_id: string | undefined): TestUser => {
    const send = (method: 'get' | 'post' | 'put' | 'patch' | 'delete', path: string, body?: object) => {
      const request = supertest(app)[method](path).set(headers);
      return body === undefined ? request : request.send(body);
    };
    return {
      user_id,
      company_id,
      get: (path) => send('get', path),
      post: (path, body) => send('post', path, body),
      put: (path, body) => send('put', path, body),
      patch: (path, body) => send('patch', path, body),
      delete: (path) => send('delete', path),
    };
  };

  return {
    app,
    database,
    company: (values = {}) => {
      const id = randomUUID();
      const company = {
        id,
        company_id: `COMP-${String(known.size + 1).padStart(3, '0')}`,
        country: 'ES',
        currency: 'EUR',
        ...values,
      };
      known.set(id, company);
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
    anonymous: () => call({ 'X-Service-Key': keyOf('gateway') }, '', undefined),
    callingService: (program, company) =>
      call(
        { 'X-Service-Key': keyOf(program), ...(company && { 'X-Company-Id': company.id }) },
        `service:${program}`,
        company?.id,
      ),
    events: async (name) => {
      const rows = (await database.owner('outbox_events').select('envelope').orderBy('id')) as {
        envelope: PublishedEvent;
      }[];
      return rows.map(({ envelope }) => envelope).filter((event) => !name || event.name === name);
    },
    close: () => database.drop(),
  };
}
