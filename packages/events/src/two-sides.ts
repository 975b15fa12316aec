import { randomUUID } from 'node:crypto';
import { customerDeleted, type Envelope, type FailedEvent, type Service } from '@clientela/contracts';
import { connect, type Tx } from '@clientela/db';
import { createService, listen, serviceClient } from '@clientela/http';
import { testServiceKeys, testDatabase, testSecret } from '@clientela/testing';
import { pino } from 'pino';
import {
  outboxPoolOptions,
  eventRoutes,
  listFailed,
  subscribe,
  publish,
  resendFailed,
  startEvents,
  type Events,
} from './index.ts';

export type Settings = { RABBITMQ_URL?: string; RABBITMQ_EXCHANGE: string };
export const log = pino({ level: 'silent' });
export const cause = { id: randomUUID(), company_id: randomUUID(), request_id: 'request-1' };
/** Short, as nobody wants to wait for the usual ones. */
export const retries = { tries: 3, wait: () => 30 };

type Effect = { event_id: string; customer_id: string; sequence: number };

/** A service that hears of deleted customers, on a database of its own, as a process would be: to be stopped and started again. */
export async function hearer(service: Service, settings: Settings) {
  const database = await testDatabase(service, { pool: 6 });
  await database.owner.raw(
    `create table effects (at bigserial primary key, event_id uuid, customer_id uuid, sequence int);
     grant all on effects, effects_at_seq to public`,
  );
  const offers: Envelope[] = [];
  let fails: (event: Envelope, tx: Tx) => unknown = () => {};
  const subscriptions = [
    subscribe(
      customerDeleted,
      async (tx, event) => {
        const { id: event_id, sequence, data } = event;
        await tx('effects').insert({ event_id, customer_id: data.customer_id, sequence });
        await fails(event, tx);
      },
      { prepare: async (event) => void offers.push(event) },
    ),
  ];
  let running: { events: Events; close: () => Promise<void> } | undefined;
  let port = 0;
  const app = createService({
    service,
    version: '1',
    db: database.db,
    log,
    serviceKeys: testServiceKeys,
    secret: testSecret,
    routes: eventRoutes(service, subscriptions),
  });
  const start = async (given = settings) => {
    const server = await listen(app, { host: '127.0.0.1', port });
    ({ port } = server);
    const { db, url } = database;
    const events = startEvents({ db, url, service, subscriptions, subscribers: [], settings: given, log, retries });
    running = { events, close: () => server.close() };
  };
  const stop = async () => {
    await Promise.all([running?.events.stop(), running?.close()]);
    running = undefined;
  };
  await start();
  return {
    service,
    database,
    /** What was offered to its effect, the same event perhaps several times. */
    offers,
    effects: async (customer_id: string): Promise<Effect[]> =>
      database.owner('effects').select('event_id', 'customer_id', 'sequence').where({ customer_id }).orderBy('at'),
    /** Lets effects fail from now on: by what this throws. */
    failWith: (how: (event: Envelope, tx: Tx) => unknown) => {
      fails = how;
    },
    client: () => serviceClient({ service, url: `http://127.0.0.1:${port}`, key: 'key-of-customer', timeout: 2000 }),
    start,
    stop,
    close: async () => {
      await stop();
      await database.drop();
    },
  };
}
export type Hearer = Awaited<ReturnType<typeof hearer>>;

/** The customer service as a speaker: `say` is one change of one customer. */
export async function speaker(hearers: readonly Hearer[], settings: Settings, confirm_within?: number) {
  const database = await testDatabase('customer', { pool: 4 });
  const pools = new Map<string, ReturnType<typeof connect>>();
  const poolFor = (given: Settings) => {
    const kind = String(given.RABBITMQ_URL);
    const pool = pools.get(kind) ?? connect(database.url, { pool: 4, ...outboxPoolOptions(given) });
    pools.set(kind, pool);
    return pool;
  };
  const replicas = new Set<Events>();
  const warned: { msg: string; err?: { message: string } }[] = [];
  const log = pino(
    { level: 'warn', serializers: { err: ({ message }: Error) => ({ message }) } },
    { write: (line) => warned.push(JSON.parse(line)) },
  );
  let now = settings;
  const start = (given = now): Events => {
    now = given;
    const events = startEvents({
      db: poolFor(given),
      url: database.url,
      service: 'customer',
      subscriptions: [],
      subscribers: hearers.map((one) => one.client()),
      settings: given,
      log,
      retries,
      ...(confirm_within !== undefined && { confirm_within }),
    });
    replicas.add(events);
    return events;
  };
  const stop = async (...which: Events[]) => {
    const ending = which.length > 0 ? which : [...replicas];
    for (const one of ending) replicas.delete(one);
    await Promise.all(ending.map((one) => one.stop()));
  };
  const db = () => poolFor(now);
  return {
    database,
    db,
    start,
    stop,
    /** What its operators are told. */
    warnings: () => warned.flatMap(({ msg, err }) => [msg, err?.message]),
    /** What is published from now on waits for another transport, as after a restart with other settings. */
    use: (given: Settings) => {
      now = given;
    },
    say: async (customer_id: string, sequence = 1) => {
      const done = await db().transaction(async (tx) => {
        await publish(tx, customerDeleted, cause, sequence, { customer_id, number: 10_000_000, hard: true });
        return tx;
      });
      for (const one of replicas) one.committed(done);
    },
    /** Deliveries of a customer's events to those that are played here, and to the broker. */
    waiting: async (customer_id: string): Promise<string[]> =>
      database
        .owner('outbox_deliveries as d')
        .join('outbox_events as e', 'e.id', 'd.event_id')
        .whereRaw(`e.envelope -> 'data' ->> 'customer_id' = ?`, [customer_id])
        .whereIn('d.subscriber', ['broker', ...hearers.map(({ service }) => service)])
        .whereNull('d.failed_at')
        .pluck('d.subscriber'),
    close: async () => {
      await stop();
      await Promise.all([...pools.values()].map((pool) => pool.destroy()));
      await database.drop();
    },
  };
}
export type Speaker = Awaited<ReturnType<typeof speaker>>;

/** What failed of a customer, at whichever side it is kept. */
export async function failures(
  sides: readonly [Service, Hearer | Speaker][],
  customer_id: string,
): Promise<FailedEvent[]> {
  const all = await Promise.all(
    sides.map(([service, { database }]) =>
      listFailed(database.owner, service, { all: true }, { after: undefined, limit: 100 }),
    ),
  );
  return all.flat().filter(({ data }) => data['customer_id'] === customer_id);
}

/** Sends an event again, wherever it failed; the relays find it by themselves. */
export const resend = (sides: readonly [Service, Hearer | Speaker][], id: string): Promise<number[]> =>
  Promise.all(
    sides.map(([service, { database }]) => database.db.transaction((tx) => resendFailed(tx, service, { id }))),
  );
