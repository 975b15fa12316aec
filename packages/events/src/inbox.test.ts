import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { customerDeleted } from '@clientela/contracts';
import { unavailable } from '@clientela/errors';
import { createService } from '@clientela/http';
import { testServiceKeys, testDatabase, testSecret, type TestDatabase } from '@clientela/testing';
import { pino } from 'pino';
import supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventRoutes, subscribe } from './index.ts';

let database: TestDatabase;

const log = pino({ level: 'silent' });
const cause = { id: randomUUID(), company_id: randomUUID(), request_id: 'request-1' };

beforeAll(async () => {
  database = await testDatabase('product', { pool: 4 });
});
afterAll(() => database.drop());

describe('the inbox', () => {
  test('an effect happens once, though its event is delivered twice and at once; a failed one again', async () => {
    const effects: string[] = [];
    let fails = true;
    const app = createService({
      service: 'test',
      version: '1',
      db: database.db,
      log,
      serviceKeys: testServiceKeys,
      secret: testSecret,
      routes: eventRoutes('product', [
        subscribe(customerDeleted, async (tx, event) => {
          if (event.sequence === 9 && fails) throw new Error('not yet');
          await tx('idempotency_keys').insert({
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
