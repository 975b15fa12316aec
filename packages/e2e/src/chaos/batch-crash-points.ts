import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import pg from 'pg';
import type { ChaosFleet } from './chaos-fleet.ts';
import { sendWithRetry, waitUntilFine, withTimeout } from './retry.ts';
import { newWriter } from './run-chaos.ts';
import type { Writer } from './writers.ts';

/** A moment in the transaction of one step of a batch. Step 0 stores the key itself, step n is the nth operation. */
export type BatchPoint = { step: number; moment: (typeof moments)[number] };

const moments = ['before the operation', 'after the operation', 'during the commit'] as const;
const lockClass = 1_970_101; // distinguishes the advisory locks of this file from others
const lockId = ({ step, moment }: BatchPoint) => step * 10 + moments.indexOf(moment);

/** Operations of every kind, some on the results of earlier ones, one of which fails. */
const operationsFor = (existing: { updated: string; deleted: string }) => [
  { op: 'create', data: { external_id: 'A-1', firstname: 'Ana', tags: ['new'], email: 'ana@example.com' } },
  { op: 'update', id: existing.updated, data: { lastname: 'Updated' } },
  { op: 'upsert', match_on: 'external_id', data: { external_id: 'A-1', lastname: 'Ruiz' } },
  { op: 'create', data: { external_id: 'A-2', email: 'ana@example.com' } }, // taken: 409
  { op: 'upsert', match_on: 'external_id', data: { external_id: 'A-3', firstname: 'Eva' } },
  { op: 'delete', id: existing.deleted },
];

const steps = operationsFor({ updated: '', deleted: '' }).length;
/** Every moment of every step. */
export const batchPoints: BatchPoint[] = Array.from({ length: steps + 1 }, (_, step) =>
  moments.map((moment) => ({ step, moment })),
).flat();

/** Makes the steps of a batch wait at each point for its advisory lock, by triggers on the stored responses. */
export async function installBatchPoints(fleet: ChaosFleet): Promise<void> {
  const wait = (moment: number) => `
    create function wait_at_${moment}() returns trigger language plpgsql as $$ begin
      perform set_config('lock_timeout', '0', true);
      perform pg_advisory_xact_lock_shared(${lockClass}, new.step * 10 + ${moment});
      return new;
    end $$;`;
  const table = 'idempotency_keys for each row execute function';
  await fleet.query(
    'customer',
    `${wait(0)} ${wait(1)} ${wait(2)}
     create trigger wait_at_0 before insert on ${table} wait_at_0();
     create trigger wait_at_1 before update on ${table} wait_at_1();
     create constraint trigger wait_at_2 after insert on idempotency_keys deferrable initially deferred
       for each row execute function wait_at_2();`,
  );
}

/** Holds the response of the batch on its way to the gateway, or a point before it. @returns a function that waits until a request has reached it, and one that lets it continue */
async function holdPoint(fleet: ChaosFleet, point: BatchPoint | 'response') {
  if (point === 'response') {
    const { reached, release } = fleet.serviceProxies.customer.hold(
      ({ from, direction }) => from === 'POST /api/customers/batch' && direction === 'down',
    );
    return { reached: () => reached, release: async () => release() };
  }
  const db = new pg.Client({ connectionString: fleet.databases.customer.ownerUrl });
  await db.connect();
  await db.query('select pg_advisory_lock($1, $2)', [lockClass, lockId(point)]);
  const isReached = async () => {
    const waiting = `select 1 from pg_locks where locktype = 'advisory' and classid = $1 and objid = $2 and not granted`;
    return ((await db.query(waiting, [lockClass, lockId(point)])).rowCount ?? 0) > 0;
  };
  return {
    reached: async () => {
      while (!(await isReached())) await sleep(10);
    },
    release: () => db.end(),
  };
}

type Prepared = { writer: Writer; operations: unknown[] };

async function prepareCompany(fleet: ChaosFleet, name: string): Promise<Prepared> {
  const writer = await newWriter(fleet, name);
  const create = async (external_id: string) => {
    const body = { external_id, firstname: 'Ben' };
    const response = await sendWithRetry(writer.client, `create-${external_id}`, 'POST', '/api/customers', body);
    if (response.status !== 201) throw new Error(`${response.status} ${JSON.stringify(response.body)}`);
    return response.body.customer.id as string;
  };
  return { writer, operations: operationsFor({ updated: await create('B-1'), deleted: await create('B-2') }) };
}

const sendBatch = ({ writer, operations }: Prepared) =>
  sendWithRetry(writer.client, 'the-batch', 'POST', '/api/customers/batch', { operations });

/** The state of a company after its batch, without ids and times: the response, the records, their history and their events. */
async function stateOf(fleet: ChaosFleet, { writer }: Prepared, batch: { body: { results: Result[] } }) {
  const rows = (service: 'customer' | 'auth', sql: string) => fleet.query(service, sql, [writer.company_id]);
  return {
    results: batch.body.results.map(({ status, customer, error }) => [
      status,
      customer?.external_id,
      customer?.full_name,
      error?.error_code,
    ]),
    customers: await rows(
      'customer',
      `select external_id, full_name, email, status, version::int from customers where company_id = $1 order by external_id`,
    ),
    history: await rows(
      'customer',
      `select external_id, action, count(*)::int as times from customer_history h
         join customers c on (c.company_id, c.id) = (h.company_id, h.customer_id)
        where h.company_id = $1 group by 1, 2 order by 1, 2`,
    ),
    events: await rows(
      'auth',
      `select action, count(*)::int as times from audit_logs
        where company_id = $1 and action like 'customer.%' group by 1 order by 1`,
    ),
  };
}
type Result = {
  status: number;
  customer?: { external_id: string; full_name: string };
  error?: { error_code: string };
};
export type BatchState = Awaited<ReturnType<typeof stateOf>>;

/** The state after a batch that nothing disturbs, once its events have arrived. */
export async function undisturbedState(fleet: ChaosFleet): Promise<BatchState> {
  const prepared = await prepareCompany(fleet, 'undisturbed');
  const batch = await sendBatch(prepared);
  let state = await stateOf(fleet, prepared, batch);
  const expected = (batch.body.results as Result[]).filter(({ status }) => status < 300).length + 2;
  const arrived = async () => {
    state = await stateOf(fleet, prepared, batch);
    const times = state.events.reduce((sum, row) => sum + Number(row['times']), 0);
    return times >= expected ? [] : [`${times} of ${expected} events`];
  };
  const problems = await waitUntilFine(arrived, Date.now() + 20_000);
  if (problems.length > 0) throw new Error(problems.join());
  return state;
}

/**
 * Sends a batch, kills the customer service when it has reached a point, and repeats the batch until it is answered.
 * @returns the differences from the undisturbed state
 */
export async function killBatchAt(
  fleet: ChaosFleet,
  point: BatchPoint | 'response',
  undisturbed: BatchState,
): Promise<string[]> {
  const name = point === 'response' ? 'before the response' : `step ${point.step}, ${point.moment}`;
  const prepared = await prepareCompany(fleet, name);
  const hold = await holdPoint(fleet, point);
  const response = sendBatch(prepared);
  await withTimeout(hold.reached(), name);
  fleet.killHard('customer', name);
  await sleep(50); // its connections end before the hold is released
  await hold.release();
  const batch = await response;
  if (batch.times === 1) return [`${name}: the batch was answered although its process was killed`];
  const compare = async () => {
    const state = await stateOf(fleet, prepared, batch);
    return (Object.keys(undisturbed) as (keyof BatchState)[])
      .filter((part) => !isDeepStrictEqual(state[part], undisturbed[part]))
      .map((part) => `${name}: ${part} ${JSON.stringify(state[part])} instead of ${JSON.stringify(undisturbed[part])}`);
  };
  return waitUntilFine(compare, Date.now() + 20_000);
}
