import { randomUUID } from 'node:crypto';
import { events, services, type Service } from '@clientela/contracts';
import { createService } from '@clientela/http';
import { testDatabase, testSecret, testServiceKeys, type TestDatabase } from '@clientela/testing';
import { pino } from 'pino';
import supertest from 'supertest';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isRoutedByName } from './amqp-topology.ts';
import { eventRoutes, type Subscription } from './index.ts';

const contracts = Object.values(events).flat();
const published = services.flatMap((publisher) => events[publisher].map(({ name }) => ({ name, publisher })));
const handled: string[] = [];
const logged: { level: number; calling_service?: string; msg: string }[] = [];
let database: TestDatabase;
let deliver: (name: string, service: Service, headers?: Record<string, string>) => supertest.Test;

beforeAll(async () => {
  database = await testDatabase('product');
  const subscriptions = contracts.map((contract): Subscription => ({
    contract,
    handler: async (_tx, { name }) => void handled.push(name),
  }));
  const app = createService({
    service: 'test',
    version: '1',
    db: database.db,
    log: pino({}, { write: (line) => logged.push(JSON.parse(line)) }),
    serviceKeys: testServiceKeys,
    secret: testSecret,
    routes: eventRoutes('product', subscriptions),
  });
  deliver = (name, service, headers = {}) =>
    supertest(app)
      .post('/internal/events')
      .set({ 'X-Service-Key': `key-of-${service}`, ...headers })
      .send({
        id: randomUUID(),
        name,
        occurred_at: new Date().toISOString(),
        company_id: randomUUID(),
        actor_id: randomUUID(),
        request_id: 'request-1',
        sequence: 1,
        data: {},
      });
});
afterAll(() => database.drop());

test.each(published)(
  '$name is accepted from $publisher only; from another service it is a 403 and an error line',
  async ({ name, publisher }) => {
    for (const service of services) {
      handled.length = 0;
      logged.length = 0;
      const { status, body } = await deliver(name, service);
      const errors = logged.filter(({ level }) => level === 50);
      if (service === publisher) {
        expect([status, handled, errors]).toEqual([200, [name], []]);
        continue;
      }
      expect([status, body.error_code, handled]).toEqual([403, 'EVENT_OF_ANOTHER_SERVICE', []]);
      expect(errors).toMatchObject([{ calling_service: service, msg: expect.stringContaining(name) }]);
    }
  },
);

test('a service cannot deliver its own event in the name of a user', async () => {
  handled.length = 0;
  await deliver('customer.deleted', 'customer', { 'X-User-Id': randomUUID(), 'X-User-Role': 'admin' }).expect(403);
  expect(handled).toEqual([]);
});

test('a message of the broker counts as the event under whose name it was published', () => {
  const consumer = { exchange: 'events', service: 'favorites' };
  const isRouted = (from: string, routingKey: string) =>
    isRoutedByName({ exchange: from, routingKey }, 'customer.deleted', consumer);
  expect(isRouted('events', 'customer.deleted')).toBe(true);
  expect(isRouted('events.direct', 'customer.deleted.favorites')).toBe(true);
  for (const key of ['product.created', 'customer.deleted.favorites', 'customer.updated', ''])
    expect(isRouted('events', key)).toBe(false);
  for (const key of ['customer.deleted', 'product.created.favorites', 'customer.deleted.interaction'])
    expect(isRouted('events.direct', key)).toBe(false);
  expect(isRouted('amq.topic', 'customer.deleted')).toBe(false);
});
