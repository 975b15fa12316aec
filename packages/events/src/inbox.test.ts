import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { customerDeleted, productDeleted } from '@clientela/contracts';
import { newId } from '@clientela/db';
import { unavailable } from '@clientela/errors';
import { createService } from '@clientela/http';
import { testServiceKeys, testDatabase, testSecret } from '@clientela/testing';
import { pino } from 'pino';
import supertest from 'supertest';
import { describe, expect, test as base } from 'vitest';
import { eventRoutes, subscribe, subscribeAll } from './index.ts';
import { consume, prepareEvents } from './subscribe.ts';

const log = pino({ level: 'silent' });
const origin = { id: randomUUID(), company_id: randomUUID(), request_id: 'request-1' };

const test = base.extend('database', { scope: 'file' }, async ({}, { onCleanup }) => {
  const database = await testDatabase('product', { pool: 4 });
  onCleanup(() => database.drop());

  return database;
});

const deletion = (sequence: number) => ({
  ...origin,
  actor_id: origin.id,
  id: newId(),
  name: customerDeleted.name,
  occurred_at: new Date().toISOString(),
  sequence,
  data: { customer_id: randomUUID(), number: 1, hard: true },
});

describe('inbox', () => {
  test('handles an event once despite concurrent and repeated deliveries, and again after a failure', async ({
    database,
  }) => {
    const effects: string[] = [];
    let isFailing = true;
    const app = createService({
      service: 'test',
      version: '1',
      db: database.db,
      log,
      serviceKeys: testServiceKeys,
      secret: testSecret,
      routes: eventRoutes('product', [
        subscribe(customerDeleted, async (tx, event) => {
          if (event.sequence === 9 && isFailing) throw new Error('not yet');
          await tx('idempotency_keys').insert({
            company_id: event.company_id ?? '',
            request: Buffer.from(event.id),
            step: 0,
          });
          await sleep(20);
          effects.push(event.id);
        }),
      ]),
    });
    const deliver = (sequence: number, id: string = randomUUID(), name = 'customer.deleted') =>
      supertest(app)
        .post('/internal/events')
        .set('X-Service-Key', 'key-of-customer')
        .send({
          ...origin,
          actor_id: origin.id,
          id,
          name,
          occurred_at: new Date().toISOString(),
          sequence,
          data: { customer_id: randomUUID(), number: 1, hard: true },
        });

    const id = randomUUID();
    const responses = await Promise.all([deliver(1, id), deliver(1, id), deliver(1, id)]);
    expect(responses.map(({ body }) => body.processed).toSorted()).toEqual([false, false, true]);
    expect(effects).toEqual([id]);
    expect((await deliver(1, id).expect(200)).body).toEqual({ processed: false });

    const retried = randomUUID();
    await deliver(9, retried).expect(500);
    isFailing = false;
    expect((await deliver(9, retried).expect(200)).body).toEqual({ processed: true });
    expect(effects).toEqual([id, retried]);

    await deliver(1, randomUUID(), 'something.else').expect(422);
    await supertest(app).post('/internal/events').set('X-Service-Key', 'key-of-gateway').send({}).expect(403);
  });

  test('runs prepare before the transaction, only for new events, and rejects an event whose dependency is unavailable', async ({
    database,
  }) => {
    let isAvailable = true;
    const preparedFor: number[] = [];
    const effects: string[] = [];
    const app = createService({
      service: 'test',
      version: '1',
      db: database.db,
      log,
      serviceKeys: testServiceKeys,
      secret: testSecret,
      routes: eventRoutes('product', [
        subscribe(
          customerDeleted,
          async (_tx, event, prepared: string) => {
            effects.push(`${event.data.number}: ${prepared}`);
          },
          {
            prepare: async ({ data }) => {
              preparedFor.push(data.number);
              if (!isAvailable) throw unavailable('The other service is unavailable');
              return `result for ${data.number}`;
            },
          },
        ),
      ]),
    });
    const deliver = (number: number, id: string) =>
      supertest(app)
        .post('/internal/events')
        .set('X-Service-Key', 'key-of-customer')
        .send({
          ...origin,
          actor_id: origin.id,
          id,
          name: 'customer.deleted',
          occurred_at: new Date().toISOString(),
          sequence: 1,
          data: { customer_id: randomUUID(), number, hard: true },
        });

    const [first, second] = [randomUUID(), randomUUID()];
    await deliver(1, first).expect(200);
    expect((await deliver(1, first).expect(200)).body).toEqual({ processed: false });
    isAvailable = false;
    await deliver(2, second).expect(503);
    isAvailable = true;
    expect((await deliver(2, second).expect(200)).body).toEqual({ processed: true });
    expect(effects).toEqual(['1: result for 1', '2: result for 2']);
    expect(preparedFor).toEqual([1, 2, 2]);
  });

  test('a preparation that fails aborts those that run, and no other begins', async ({ database }) => {
    const states: string[] = [];
    const prepared = subscribe(customerDeleted, async () => {}, {
      prepare: async ({ sequence }, { signal }) => {
        states.push(`${sequence} begins`);
        if (sequence === 2) throw unavailable('The other service is unavailable');
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        states.push(`${sequence} aborted`);
        signal.throwIfAborted();
      },
    });
    const events = [1, 2, 3, 4, 5, 6].map(deletion);
    const preparing = prepareEvents(database.db, [prepared], events, { signal: AbortSignal.timeout(5000) });
    await expect(preparing).rejects.toThrow('The other service is unavailable');
    await expect
      .poll(() => states.toSorted())
      .toEqual(['1 aborted', '1 begins', '2 begins', '3 aborted', '3 begins', '4 aborted', '4 begins']);
  });

  test('rolls back an array that takes longer than 2 s; a single event may', async ({ database: { db, owner } }) => {
    const seconds = [1.2, 1.2, 2.2];
    const slow = subscribe(customerDeleted, async (tx, { sequence }) => {
      await tx.raw('select pg_sleep(?)', [seconds[sequence] ?? 0]);
    });
    const [events, single] = [[0, 1, 2].map(deletion), deletion(2)];
    const handle = (some: typeof events) => consume(db, [slow], some, new AbortController().signal);
    const [together, alone] = await Promise.allSettled([handle(events), handle([single])]);
    expect([together.status, alone.status]).toEqual(['rejected', 'fulfilled']);
    const ids = [...events, single].map(({ id }) => id);
    expect(await owner('inbox_events').whereIn('event_id', ids).pluck('event_id')).toEqual([single.id]);
  });

  test('handles an array in one transaction, in its order and each event once; an array that fails leaves nothing', async ({
    database,
  }) => {
    const effects: string[] = [];
    const transactions = new Set<string>();
    let failing: string | undefined;
    const app = createService({
      service: 'test',
      version: '1',
      db: database.db,
      log,
      serviceKeys: testServiceKeys,
      secret: testSecret,
      routes: eventRoutes('product', [
        subscribe(customerDeleted, async (tx, event) => {
          if (event.id === failing) throw new Error('cannot be handled');
          const [row] = (await tx.raw<{ rows: { id: string }[] }>('select txid_current()::text as id')).rows;
          transactions.add(row?.id ?? '');
          effects.push(event.id);
        }),
        ...subscribeAll([productDeleted], async (_tx, events) => {
          effects.push(events.map(({ event }) => event.id).join(' + '));
        }),
      ]),
    });
    const event = (name = 'customer.deleted') => ({
      id: newId(),
      name,
      occurred_at: new Date().toISOString(),
      company_id: origin.company_id,
      actor_id: origin.id,
      request_id: 'request-1',
      sequence: 1,
      data:
        name === 'customer.deleted'
          ? { customer_id: randomUUID(), number: 1, hard: true }
          : { product_id: randomUUID(), number: 1, hard: true },
    });
    const deliver = (events: unknown, service = 'customer') =>
      supertest(app)
        .post('/internal/events')
        .set('X-Service-Key', `key-of-${service}`)
        .send(events as object);
    const [first, second, third] = [event(), event(), event()];
    expect((await deliver([first, second, first]).expect(200)).body).toEqual({ processed: 2 });
    expect((await deliver([second, third]).expect(200)).body).toEqual({ processed: 1 });
    expect([effects, transactions.size]).toEqual([[first.id, second.id, third.id], 2]);

    const [poison, healthy] = [event(), event()];
    failing = poison.id;
    await deliver([healthy, poison]).expect(500);
    const inbox = await database.owner('inbox_events').whereIn('event_id', [healthy.id, poison.id]);
    expect(inbox).toEqual([]);
    expect((await deliver(healthy).expect(200)).body).toEqual({ processed: true });
    failing = undefined;
    expect((await deliver([healthy, poison]).expect(200)).body).toEqual({ processed: 1 });

    effects.length = 0;
    const products = [event('product.deleted'), event('product.deleted')];
    expect((await deliver(products, 'product').expect(200)).body).toEqual({ processed: 2 });
    expect(effects).toEqual([products.map(({ id }) => id).join(' + ')]);

    await deliver([event(), ...products]).expect(403);
    for (const invalid of [[], [event(), {}], Array.from({ length: 101 }, () => event())])
      await deliver(invalid).expect(422);
  });
});
