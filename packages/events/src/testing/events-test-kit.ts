import { randomUUID } from 'node:crypto';
import { customerDeleted, Envelope, type FailedEvent, type Service } from '@clientela/contracts';
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
} from '../index.ts';

export type Settings = { RABBITMQ_URL?: string; RABBITMQ_EXCHANGE: string };
export const log = pino({ level: 'silent' });
export const origin = { id: randomUUID(), company_id: randomUUID(), request_id: 'request-1' };
/** Short delays, so that tests do not wait for the usual ones. */
export const retries = { maxAttempts: 3, delay: () => 30 };
/** Milliseconds for an array of events: longer than usual, so that a busy machine handles it too. */
const arrayTimeout = 20_000;

type EffectRow = { event_id: string; customer_id: string; sequence: number };

/**
 * A service that subscribes to `customer.deleted`, on its own database; it can be stopped and started like a process.
 * @param options.rejectsArrays whether it is of the version before arrays of events
 */
export async function testSubscriber(
  service: Service,
  settings: Settings,
  { rejectsArrays = false }: { rejectsArrays?: boolean } = {},
) {
  const database = await testDatabase(service, { pool: 6 });
  await database.owner.raw(
    `create table effects (at bigserial primary key, event_id uuid, customer_id uuid, sequence int);
     grant all on effects, effects_at_seq to public`,
  );
  const offered: Envelope[] = [];
  let fail: (event: Envelope, tx: Tx) => unknown = () => {};
  const subscriptions = [
    subscribe(
      customerDeleted,
      async (tx, event) => {
        const { id: event_id, sequence, data } = event;
        await tx('effects').insert({ event_id, customer_id: data.customer_id, sequence });
        await fail(event, tx);
      },
      { prepare: async (event) => void offered.push(event) },
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
    routes: eventRoutes(service, subscriptions).map((definition) =>
      rejectsArrays && definition.path === '/internal/events'
        ? Object.assign(definition, { body: Envelope })
        : definition,
    ),
  });
  const start = async (newSettings = settings) => {
    const server = await listen(app, { host: '127.0.0.1', port });
    ({ port } = server);
    const { db, url } = database;
    const events = startEvents({
      db,
      url,
      service,
      subscriptions,
      client: () => undefined,
      settings: newSettings,
      log,
      retries,
      arrayTimeout,
    });
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
    /** Every attempt to handle an event, so a retried event appears several times. */
    offered,
    effects: async (customer_id: string): Promise<EffectRow[]> =>
      database.owner('effects').select('event_id', 'customer_id', 'sequence').where({ customer_id }).orderBy('at'),
    /** The number of transactions that the effects of a customer's events had. */
    transactions: async (customer_ids: readonly string[]): Promise<number> => {
      const { rows } = await database.owner.raw<{ rows: { count: number }[] }>(
        'select count(distinct xmin::text)::int as count from effects where customer_id = any(?)',
        [[...customer_ids]],
      );
      return rows[0]?.count ?? 0;
    },
    /** Lets handlers fail from now on: each runs `how`, which throws. */
    failWith: (how: (event: Envelope, tx: Tx) => unknown) => {
      fail = how;
    },
    client: () =>
      serviceClient({ service, url: `http://127.0.0.1:${port}`, key: 'key-of-customer', timeout: arrayTimeout }),
    start,
    stop,
    close: async () => {
      await stop();
      await database.drop();
    },
  };
}
export type TestSubscriber = Awaited<ReturnType<typeof testSubscriber>>;

/** The customer service as a publisher: `publishDeletion` is one change of one customer. */
export async function testPublisher(
  subscribers: readonly TestSubscriber[],
  settings: Settings,
  confirmTimeout?: number,
) {
  const database = await testDatabase('customer', { pool: 4 });
  const pools = new Map<string, ReturnType<typeof connect>>();
  const poolFor = (poolSettings: Settings) => {
    const key = String(poolSettings.RABBITMQ_URL);
    const pool = pools.get(key) ?? connect(database.url, { pool: 4, ...outboxPoolOptions(poolSettings) });
    pools.set(key, pool);
    return pool;
  };
  const replicas = new Set<Events>();
  const warned: { msg: string; err?: { message: string } }[] = [];
  const warningLog = pino(
    { level: 'warn', serializers: { err: ({ message }: Error) => ({ message }) } },
    { write: (line) => warned.push(JSON.parse(line)) },
  );
  let currentSettings = settings;
  const start = (newSettings = currentSettings): Events => {
    currentSettings = newSettings;
    const events = startEvents({
      db: poolFor(newSettings),
      url: database.url,
      service: 'customer',
      subscriptions: [],
      client: (name) => subscribers.find(({ service }) => service === name)?.client(),
      settings: newSettings,
      log: warningLog,
      retries,
      ...(confirmTimeout !== undefined && { confirmTimeout }),
    });
    replicas.add(events);
    return events;
  };
  const stop = async (...selected: Events[]) => {
    const stopping = selected.length > 0 ? selected : [...replicas];
    for (const replica of stopping) replicas.delete(replica);
    await Promise.all(stopping.map((replica) => replica.stop()));
  };
  const db = () => poolFor(currentSettings);
  return {
    database,
    db,
    start,
    stop,
    /** Messages of logged warnings and of their errors. */
    warnings: () => warned.flatMap(({ msg, err }) => [msg, err?.message]),
    /** Publishes for another transport from now on, as after a restart with other settings. */
    useSettings: (newSettings: Settings) => {
      currentSettings = newSettings;
    },
    publishDeletion: async (customer_id: string, sequence = 1) => {
      const data = { customer_id, number: 10_000_000, hard: true };
      await db().transaction((tx) => publish(tx, customerDeleted, origin, sequence, data));
    },
    /** Subscribers, of this test and the broker, with pending deliveries of a customer's events. */
    pending: async (customer_id: string): Promise<string[]> =>
      database
        .owner('outbox_deliveries as d')
        .join('outbox_events as e', 'e.id', 'd.event_id')
        .whereRaw(`e.envelope -> 'data' ->> 'customer_id' = ?`, [customer_id])
        .whereIn('d.subscriber', ['broker', ...subscribers.map(({ service }) => service)])
        .whereNull('d.failed_at')
        .pluck('d.subscriber'),
    close: async () => {
      await stop();
      await Promise.all([...pools.values()].map((pool) => pool.destroy()));
      await database.drop();
    },
  };
}
export type TestPublisher = Awaited<ReturnType<typeof testPublisher>>;

/** Failed events of a customer, in whichever service they are stored. */
export async function failures(
  participants: readonly [Service, TestSubscriber | TestPublisher][],
  customer_id: string,
): Promise<FailedEvent[]> {
  const failed = await Promise.all(
    participants.map(([service, { database }]) =>
      listFailed(database.owner, service, { all: true }, { after: undefined, limit: 100 }),
    ),
  );
  return failed.flat().filter(({ data }) => data['customer_id'] === customer_id);
}

/** Resends an event wherever it failed; the relays find it by polling. @returns resent events of each service */
export const resend = (
  participants: readonly [Service, TestSubscriber | TestPublisher][],
  id: string,
): Promise<number[]> =>
  Promise.all(
    participants.map(([service, { database }]) => database.db.transaction((tx) => resendFailed(tx, service, { id }))),
  );
