import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { customerDeleted, type Envelope } from '@clientela/contracts';
import { unavailable } from '@clientela/errors';
import { createService } from '@clientela/http';
import { standIn, testCallers, testDatabase, type StandIn, type TestDatabase, testSecret } from '@clientela/testing';
import { pino } from 'pino';
import supertest from 'supertest';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventRoutes, on, publish, startRelay, type Relay } from './index.ts';

let database: TestDatabase;
let interaction: StandIn;
let favorites: StandIn;
let relay: Relay | undefined;

const log = pino({ level: 'silent' });
const cause = { id: randomUUID(), company_id: randomUUID(), request_id: 'request-1' };

beforeEach(async () => {
  database = await testDatabase('product', { pool: 4 });
  [interaction, favorites] = await Promise.all([standIn('interaction'), standIn('favorites')]);
  for (const subscriber of [interaction, favorites]) subscriber.answer(() => ({ status: 200 }));
});
afterEach(async () => {
  await relay?.stop();
  relay = undefined;
  await Promise.all([interaction.close(), favorites.close()]);
  await database.drop();
});

const start = () =>
  (relay = startRelay({
    db: database.db,
    url: database.url,
    service: 'customer',
    subscribers: [interaction.client, favorites.client],
    log,
  }));

/** One change of one customer, as a service makes it. */
const say = async (customer_id: string, sequence = 1, hard = true) => {
  const done = await database.db.transaction(async (tx) => {
    await publish(tx, customerDeleted, cause, sequence, { customer_id, number: 10_000_000, hard });
    return tx;
  });
  relay?.committed(done);
};
const heard = (subscriber: StandIn) => subscriber.calls.map(({ body }) => body as Envelope);
/** Deliveries to the two that are played here; auth hears the event too. */
const waiting = async () =>
  Number(
    (
      await database
        .owner('outbox_deliveries')
        .whereIn('subscriber', ['interaction', 'favorites'])
        .whereNull('failed_at')
        .count({ n: '*' })
    )[0]?.['n'],
  );

describe('the outbox', () => {
  test('a committed event reaches each subscriber, once, with who, what and when, and leaves no delivery behind', async () => {
    start();
    const customer_id = randomUUID();
    await say(customer_id, 7);
    await expect.poll(waiting).toBe(0);
    for (const subscriber of [interaction, favorites]) {
      expect(heard(subscriber)).toEqual([
        {
          id: expect.stringMatching(/^[0-9a-f-]{36}$/),
          name: 'customer.deleted',
          occurred_at: expect.stringMatching(/Z$/),
          company_id: cause.company_id,
          actor_id: cause.id,
          request_id: 'request-1',
          sequence: 7,
          data: { customer_id, number: 10_000_000, hard: true },
        },
      ]);
      expect(subscriber.calls[0]?.headers['x-request-id']).toBe('request-1');
    }
  });

  test('a rolled-back event is never sent', async () => {
    start();
    const lost = randomUUID();
    await database.db
      .transaction(async (tx) => {
        await publish(tx, customerDeleted, cause, 1, { customer_id: lost, number: 1, hard: true });
        throw new Error('rolled back');
      })
      .catch(() => {});
    const kept = randomUUID();
    await say(kept);
    await expect.poll(() => heard(favorites).length).toBe(1);
    expect(heard(favorites)[0]?.data['customer_id']).toBe(kept);
  });

  test('a dead subscriber delays nobody, and gets everything in order when it is back', async () => {
    interaction.answer(() => undefined);
    start();
    const customer_id = randomUUID();
    for (const sequence of [1, 2, 3]) await say(customer_id, sequence);
    await expect.poll(() => heard(favorites).length).toBe(3);
    expect(await waiting()).toBe(3);
    interaction.calls.length = 0;
    interaction.answer(() => ({ status: 200 }));
    await expect.poll(waiting, { timeout: 5000 }).toBe(0);
    expect(heard(interaction).map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  });

  test('the events of one record follow each other at once', async () => {
    const customer_id = randomUUID();
    for (let sequence = 1; sequence <= 20; sequence += 1) await say(customer_id, sequence);
    start(); // nobody wakes it: what it found once it must go on with by itself
    await expect.poll(waiting, { timeout: 5000 }).toBe(0);
    expect(heard(favorites).map(({ sequence }) => sequence)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
  });

  test('an event said while no relay runs is sent when one does', async () => {
    await say(randomUUID());
    expect(await waiting()).toBe(2);
    start();
    await expect.poll(waiting).toBe(0);
  });

  test('a refused event holds back its own record only, and is tried again', async () => {
    const [poison, healthy] = [randomUUID(), randomUUID()];
    let refusals = 0;
    favorites.answer((_path, body) => {
      const refuse = (body as Envelope).data['customer_id'] === poison && refusals < 2;
      if (refuse) refusals += 1;
      return { status: refuse ? 500 : 200 };
    });
    start();
    await say(poison, 1);
    await say(poison, 2);
    await say(healthy, 1);
    await expect.poll(waiting, { timeout: 5000 }).toBe(0);
    const order = heard(favorites).map(
      ({ data, sequence }) => `${data['customer_id'] === poison ? 'poison' : 'healthy'} ${sequence}`,
    );
    expect(order.indexOf('healthy 1')).toBeLessThan(order.lastIndexOf('poison 1'));
    expect(order.lastIndexOf('poison 1')).toBeLessThan(order.indexOf('poison 2'));
  });

  test('an event that is refused again and again is put aside with its reason', async () => {
    favorites.answer(() => ({ status: 422 }));
    start();
    await say(randomUUID());
    const delivery = () => database.owner('outbox_deliveries').where({ subscriber: 'favorites' });
    await expect.poll(async () => (await delivery().first())?.attempts).toBeGreaterThan(0);
    // Its turns come ever later; the last one is brought forward here, as nobody wants to wait for it.
    await delivery().update({ attempts: 9, next_attempt_at: database.owner.fn.now() });
    await expect
      .poll(async () => (await delivery().whereNotNull('failed_at').first())?.attempts, { timeout: 5000 })
      .toBe(10);
    expect((await delivery().first()).last_error).toBe('answered 422');
  });

  test('of two relays one sends; when its connection is cut, another takes over', async () => {
    const first = start();
    const second = startRelay({
      db: database.db,
      url: database.url,
      service: 'customer',
      subscribers: [interaction.client, favorites.client],
      log,
    });
    await say(randomUUID());
    await expect.poll(waiting).toBe(0);
    expect(heard(favorites).length).toBe(1);
    await database.cut();
    await expect
      .poll(() =>
        say(randomUUID()).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    await expect.poll(waiting, { timeout: 5000 }).toBe(0);
    await Promise.all([first.stop(), second.stop()]);
    relay = undefined;
  });

  test('an event that commits late is not skipped by those that went before', async () => {
    start();
    const late = randomUUID();
    const open = await database.db.transaction();
    await publish(open, customerDeleted, cause, 1, { customer_id: late, number: 1, hard: true });
    for (let n = 0; n < 50; n += 1) await say(randomUUID());
    await expect.poll(() => heard(favorites).length).toBe(50);
    await open.commit();
    await expect.poll(() => heard(favorites).at(-1)?.data['customer_id'], { timeout: 5000 }).toBe(late);
  });
});

describe('the inbox', () => {
  test('an effect happens once, though its event is delivered twice and at once; a failed one again', async () => {
    const effects: string[] = [];
    let fails = true;
    const app = createService({
      service: 'test',
      version: '1',
      db: database.db,
      log,
      callers: testCallers,
      secret: testSecret,
      routes: eventRoutes([
        on(customerDeleted, async (tx, event) => {
          if (event.sequence === 9 && fails) throw new Error('not yet');
          await tx('idempotency_answers').insert({
            company_id: event.company_id ?? '',
            actor_id: '',
            method: '',
            path: '',
            key: event.id,
            fingerprint: Buffer.from(''),
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
          ...cause,
          actor_id: cause.id,
          id,
          name,
          occurred_at: new Date().toISOString(),
          sequence,
          data: { customer_id: randomUUID(), number: 1, hard: true },
        });

    const id = randomUUID();
    const answers = await Promise.all([deliver(1, id), deliver(1, id), deliver(1, id)]);
    expect(answers.map(({ body }) => body.heard).toSorted()).toEqual([false, false, true]);
    expect(effects).toEqual([id]);
    expect((await deliver(1, id).expect(200)).body).toEqual({ heard: false });

    const again = randomUUID();
    await deliver(9, again).expect(500);
    fails = false;
    expect((await deliver(9, again).expect(200)).body).toEqual({ heard: true });
    expect(effects).toEqual([id, again]);

    await deliver(1, randomUUID(), 'something.else').expect(422);
    await supertest(app).post('/internal/events').set('X-Service-Key', 'key-of-gateway').send({}).expect(403);
  });

  test('lets an effect ask before its transaction, once for each event that is new, and keeps what could not be asked', async () => {
    let answers = true;
    const asked: number[] = [];
    const effects: string[] = [];
    const app = createService({
      service: 'test',
      version: '1',
      db: database.db,
      log,
      callers: testCallers,
      secret: testSecret,
      routes: eventRoutes([
        on(
          customerDeleted,
          async (_tx, event, prepared: string) => {
            effects.push(`${event.data.number}: ${prepared}`);
          },
          {
            prepare: async ({ data }) => {
              asked.push(data.number);
              if (!answers) throw unavailable('The other service does not answer');
              return `answer about ${data.number}`;
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
          ...cause,
          actor_id: cause.id,
          id,
          name: 'customer.deleted',
          occurred_at: new Date().toISOString(),
          sequence: 1,
          data: { customer_id: randomUUID(), number, hard: true },
        });

    const [first, second] = [randomUUID(), randomUUID()];
    await deliver(1, first).expect(200);
    expect((await deliver(1, first).expect(200)).body).toEqual({ heard: false });
    answers = false;
    await deliver(2, second).expect(503);
    answers = true;
    expect((await deliver(2, second).expect(200)).body).toEqual({ heard: true });
    expect(effects).toEqual(['1: answer about 1', '2: answer about 2']);
    expect(asked).toEqual([1, 2, 2]);
  });
});
