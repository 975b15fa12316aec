import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { BenchFleet } from './bench-fleet.ts';
import { newCustomer } from './cases.ts';
import { cpuTime, treeCpuTime } from './cpu.ts';
import { median } from './measure.ts';
import { nextNumber, sendOnce } from './sides.ts';

/** A fleet whose customer service publishes, and whose auth service has the effect. */
export type EventFleet = { name: string; transport: 'http' | 'amqp'; benchFleet: BenchFleet };

/** Milliseconds from the response of a change to its effect; events a second from a backlog; CPU microseconds an event. */
export type EventFigures = {
  name: string;
  delay: { median: number; p95: number };
  drain: { rate: number; spread: number; cpu: Record<string, number> };
};

type Databases = { publisher: pg.Client; subscriber: pg.Client };

/** Measures all fleets in turn, several times. The others are idle meanwhile. */
export async function measureEvents(
  fleets: readonly EventFleet[],
  { rounds, backlog, changes }: { rounds: number; backlog: number; changes: number },
  signal: AbortSignal,
): Promise<EventFigures[]> {
  const delays = new Map<EventFleet, number[]>();
  const drains = new Map<EventFleet, Drain[]>();
  for (let round = -1; round < rounds; round += 1) {
    for (const fleet of fleets) {
      signal.throwIfAborted();
      const databases = await open(fleet);
      try {
        const isWarmUp = round < 0;
        const found = await delaysOf(fleet, databases, isWarmUp ? 50 : changes);
        const drain = await drainBacklog(fleet, databases, isWarmUp ? 2000 : backlog);
        if (isWarmUp) continue;
        delays.set(fleet, [...(delays.get(fleet) ?? []), ...found]);
        drains.set(fleet, [...(drains.get(fleet) ?? []), drain]);
      } finally {
        for (const client of Object.values(databases)) await client.end();
      }
    }
  }
  return fleets.map((fleet) => summary(fleet, delays.get(fleet) ?? [], drains.get(fleet) ?? []));
}

async function open({ benchFleet }: EventFleet): Promise<Databases> {
  const { customer, auth } = benchFleet.fleet.databases;
  const connect = async (connectionString: string) => {
    const client = new pg.Client({ connectionString, application_name: 'bench' });
    await client.connect();
    return client;
  };
  return { publisher: await connect(customer.ownerUrl), subscriber: await connect(auth.ownerUrl) };
}

/** Creates customers one after the other, and waits for the effect of each. @returns milliseconds from its response to the effect */
async function delaysOf({ benchFleet }: EventFleet, { subscriber }: Databases, changes: number): Promise<number[]> {
  const newest = async () => {
    const text = 'select event_id from inbox_events order by event_id desc limit 1';
    return (await subscriber.query<{ event_id: string }>({ name: 'newest', text })).rows[0]?.event_id;
  };
  const delays: number[] = [];
  for (let change = 0; change < changes; change += 1) {
    const before = await newest();
    const body = newCustomer(nextNumber());
    await sendOnce(benchFleet.fleet.ports.customer, benchFleet.as_gateway, {
      method: 'POST',
      path: '/api/customers',
      body,
    });
    const startedAt = performance.now();
    while ((await newest()) === before) {
      if (performance.now() - startedAt > 10_000) throw new Error('An event has no effect.');
    }
    delays.push(performance.now() - startedAt);
  }
  return delays;
}

/** Events of as many customers, none of which exist: the subscriber writes them to its audit log whosever they are. */
const cloneEvents = `
  with cloned as (select uuidv7() as customer_id, 1000000 + n as number, uuidv7() as event_id from generate_series(1, $1::int) as n),
  events as (
    insert into outbox_events (id, envelope)
    select event_id, $2::jsonb || jsonb_build_object('id', event_id,
      'data', ($2::jsonb -> 'data') || jsonb_build_object('customer_id', customer_id, 'number', number))
    from cloned
  )
  insert into outbox_deliveries (event_id, subscriber, aggregate)
  select event_id, $3, 'customer_id "' || customer_id || '"' from cloned`;

type Drain = { rate: number; cpu: Record<string, number> };

/** Puts events of many records into the outbox at once, and waits until the subscriber has processed all of them. */
async function drainBacklog(
  { transport, benchFleet }: EventFleet,
  { publisher, subscriber }: Databases,
  backlog: number,
): Promise<Drain> {
  const { fleet } = benchFleet;
  const body = newCustomer(nextNumber());
  await sendOnce(fleet.ports.customer, benchFleet.as_gateway, { method: 'POST', path: '/api/customers', body });
  const { rows } = await publisher.query<{ envelope: object }>(
    'select envelope from outbox_events order by id desc limit 1',
  );
  await sleep(1000);
  const count = async () =>
    (await subscriber.query<{ count: number }>('select count(*)::int as count from inbox_events')).rows[0]?.count ?? 0;
  const groups = {
    publisher: () => cpuTime(fleet.pid('customer') ?? 0),
    subscriber: () => cpuTime(fleet.pid('auth') ?? 0),
    PostgreSQL: () => treeCpuTime(fleet.postgres.pid() ?? 0),
  };
  const before = await count();
  const values = [backlog, JSON.stringify(rows[0]?.envelope), transport === 'amqp' ? 'broker' : 'auth'];
  await publisher.query(cloneEvents, values);
  const times = Object.entries(groups).map(([name, time]) => [name, time()] as const);
  // Starts when the first has had its effect: until then the relay may sleep.
  let startedAt = 0;
  let first = 0;
  for (;;) {
    const done = (await count()) - before;
    if (done > 0 && startedAt === 0) [startedAt, first] = [performance.now(), done];
    if (done >= backlog) break;
    await sleep(20);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const cpu = Object.fromEntries(
    times.map(([name, time]) => [name, (groups[name as keyof typeof groups]() - time) / backlog]),
  );
  return { rate: (backlog - first) / seconds, cpu };
}

function summary({ name }: EventFleet, delays: readonly number[], drains: readonly Drain[]): EventFigures {
  const rates = drains.map(({ rate }) => rate);
  const groups = Object.keys(drains[0]?.cpu ?? {});
  return {
    name,
    delay: {
      median: median(delays),
      p95: delays.toSorted((a, b) => a - b)[Math.floor(delays.length * 0.95)] ?? Number.NaN,
    },
    drain: {
      rate: median(rates),
      spread: (Math.max(...rates) - Math.min(...rates)) / median(rates),
      cpu: Object.fromEntries(
        groups.map((group) => [group, median(drains.map(({ cpu }) => cpu[group] ?? Number.NaN))]),
      ),
    },
  };
}
