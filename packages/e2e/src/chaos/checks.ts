import { isDeepStrictEqual } from 'node:util';
import { events } from '@clientela/contracts';
import { services, type Service } from '@clientela/fleet';
import { expectedCounters, type Customer } from './ledger.ts';
import type { ChaosFleet } from './chaos-fleet.ts';
import { sendWithRetry } from './retry.ts';
import type { Writer } from './writers.ts';

/** Compares a value. @returns one line when it differs; for a list, its additional and missing items */
function differences(what: string, found: unknown, expected: unknown): string[] {
  if (isDeepStrictEqual(found, expected)) return [];
  if (!Array.isArray(found) || !Array.isArray(expected))
    return [`${what}: ${text(found)} instead of ${text(expected)}`];
  const [has, needs] = [found.map(text), expected.map(text)];
  const additional = has.filter((item) => !needs.includes(item));
  const missing = needs.filter((item) => !has.includes(item));
  const counts = `${has.length} instead of ${needs.length}`;
  return [`${what}: ${counts}, additional: ${additional.join(' ') || 'none'}, missing: ${missing.join(' ') || 'none'}`];
}
const text = (value: unknown) => JSON.stringify(value) ?? 'nothing';

const sortBy = <T>(list: readonly T[], key: (item: T) => string | number): T[] =>
  list.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));

type Row = Record<string, unknown> & { id: string };

/** Reads all pages of a list through the gateway. */
async function readAll(writer: Writer, path: string, plural: string, query = ''): Promise<Row[]> {
  const found: Row[] = [];
  for (let page = 1; ; page += 1) {
    const { body } = await read(writer, `${path}?per_page=100&page=${page}${query}`);
    found.push(...body[plural]);
    if (page >= body.pages) return found;
  }
}
const read = (writer: Writer, path: string) => sendWithRetry(writer.client, '', 'GET', path);

/** Checks that exactly the acknowledged records of a writer can be read. @returns the problems */
export async function missingRecords(writer: Writer): Promise<string[]> {
  const { name, ledger } = writer;
  const active = ledger.customers.filter(({ isDeleted }) => !isDeleted);
  const profiles = new Set(ledger.users.map(({ id }) => id));
  const customers = await readAll(writer, '/api/customers', 'customers', '&active_only=false');
  const pick = ({ id, number, full_name, status, type }: Row | Customer) => ({ id, number, full_name, status, type });
  const problems = [
    ...differences(
      `${name}: customers`,
      sortBy(customers.filter(({ user_id }) => !profiles.has(String(user_id))).map(pick), ({ id }) => id),
      sortBy(active.map(pick), ({ id }) => id),
    ),
    ...differences(
      `${name}: products`,
      sortBy(await readAll(writer, '/api/products', 'products'), ({ id }) => id).map(({ id, name }) => ({ id, name })),
      sortBy(ledger.products, ({ id }) => id).map(({ id, name }) => ({ id, name })),
    ),
    ...differences(
      `${name}: favorites`,
      sortBy((await read(writer, '/rest/v1/favorites?limit=1000')).body.items as { id: number }[], ({ id }) => id).map(
        ({ id }) => id,
      ),
      sortBy(
        active.flatMap(({ favorites }) => favorites),
        ({ id }) => id,
      ).map(({ id }) => id),
    ),
    ...differences(
      `${name}: transactions`,
      sortBy(await readAll(writer, '/api/transactions', 'transactions'), ({ id }) => id).map(
        ({ id, customer_id, kind, amount, status }) => ({ id, customer_id, kind, amount, status }),
      ),
      sortBy(
        ledger.customers.flatMap(({ id: of, isDeleted, transactions }) =>
          transactions.map((transaction) => ({ ...transaction, customer_id: isDeleted ? null : of })),
        ),
        ({ id }) => id,
      ).map(({ id, customer_id, kind, amount, status }) => ({ id, customer_id, kind, amount, status })),
    ),
  ];
  for (const customer of active) problems.push(...(await wrongRecordsOf(writer, customer)));
  for (const { id } of ledger.customers.filter(({ isDeleted }) => isDeleted))
    problems.push(...differences(`${name}: removed ${id}`, (await read(writer, `/api/customers/${id}`)).status, 404));
  return problems;
}

async function wrongRecordsOf(writer: Writer, customer: Customer): Promise<string[]> {
  const path = `/api/customers/${customer.id}`;
  const what = `${writer.name}: customer ${customer.id}:`;
  const interactions = await readAll(writer, `${path}/interactions`, 'interactions');
  const counters = expectedCounters(customer);
  const stats = (await read(writer, `${path}/stats`)).body;
  const pick = ({ id, type, status, notes }: Row | Customer['interactions'][number]) => ({ id, type, status, notes });
  return [
    ...differences(
      `${what} stats`,
      Object.fromEntries(Object.keys(counters).map((name) => [name, stats[name]])),
      counters,
    ),
    ...differences(
      `${what} tags`,
      sortBy((await read(writer, `${path}/tags`)).body.tags as Row[], ({ id }) => id).map(({ id, label }) => ({
        id,
        label,
      })),
      sortBy(customer.tags, ({ id }) => id),
    ),
    ...differences(
      `${what} notes`,
      (await readAll(writer, `${path}/notes`, 'notes')).map(({ content }) => content).toSorted(),
      customer.notes.toSorted(),
    ),
    ...differences(
      `${what} interactions`,
      sortBy(interactions.map(pick), ({ id }) => id),
      sortBy(customer.interactions.map(pick), ({ id }) => id),
    ),
  ];
}

const auditedEvents = Object.entries(events)
  .filter(([service]) => service !== 'auth')
  .flatMap(([, published]) => published.map(({ name }) => name));

/** Checks that every write is audited once and took effect once in the other services. @returns the problems */
export async function wrongEffects(fleet: ChaosFleet, { name, ledger, company_id }: Writer): Promise<string[]> {
  const profiles = await fleet.query(
    'customer',
    'select id, user_id, full_name from customers where company_id = $1 and user_id is not null',
    [company_id],
  );
  const auditLog = await fleet.query(
    'auth',
    `select action || ' ' || resource_id as what, count(*)::int as times from audit_logs
      where company_id = $1 and action = any($2) and resource_id <> all($3) group by 1`,
    [company_id, auditedEvents, profiles.map(({ id }) => id)],
  );
  const found = new Map(auditLog.map(({ what, times }) => [String(what), times]));
  const createdProfiles = await fleet.query(
    'auth',
    `select resource_id as id from audit_logs where action = 'customer.created' and resource_id = any($1)`,
    [profiles.map(({ id }) => id)],
  );
  const deleted = ledger.customers.filter((customer) => customer.isDeleted);
  const active = ledger.customers.filter((customer) => !customer.isDeleted);
  const counters = await fleet.query(
    'customer',
    `select customer_id, total_orders::int, returned_orders::int, lifetime_value::text, total_appointments::int,
        cancelled_appointments::int, total_complaints::int, open_complaints::int
       from customer_counters where company_id = $1 and customer_id = any($2)`,
    [company_id, active.map(({ id }) => id)],
  );
  const remaining = async (service: Service, table: string) =>
    fleet.query(service, `select customer_id from ${table} where company_id = $1 and customer_id = any($2)`, [
      company_id,
      deleted.map(({ id }) => id),
    ]);
  return [
    ...[...new Set([...found.keys(), ...ledger.expectedEvents.keys()])].flatMap((what) =>
      differences(`${name}: ${what} in the audit log`, found.get(what) ?? 0, ledger.expectedEvents.get(what) ?? 0),
    ),
    ...differences(
      `${name}: counters`,
      sortBy(counters, ({ customer_id }) => String(customer_id)),
      sortBy(active, ({ id }) => id).map((customer) =>
        Object.assign({ customer_id: customer.id }, expectedCounters(customer)),
      ),
    ),
    ...differences(
      `${name}: profiles of users`,
      sortBy(profiles, ({ user_id }) => String(user_id)).map(({ user_id, full_name }) => ({ user_id, full_name })),
      sortBy(ledger.users, ({ id }) => id).map(({ id, first_name }) => ({ user_id: id, full_name: `${first_name} X` })),
    ),
    ...differences(`${name}: profiles in the audit log`, createdProfiles.length, profiles.length),
    ...differences(`${name}: interactions of removed customers`, await remaining('interaction', 'interactions'), []),
    ...differences(`${name}: transactions of removed customers`, await remaining('interaction', 'transactions'), []),
    ...differences(`${name}: favorites of removed customers`, await remaining('favorites', 'favorites'), []),
  ];
}

/** Checks that no service has pending deliveries or dead letters. @returns the problems */
export async function pendingEvents(fleet: ChaosFleet): Promise<string[]> {
  const problems: string[] = [];
  for (const service of services) {
    const rows = await fleet.query(
      service,
      `select (select count(*)::int from outbox_deliveries) as waiting, (select count(*)::int from dead_letters) as failed`,
    );
    problems.push(...differences(`${service}: events`, rows, [{ waiting: 0, failed: 0 }]));
  }
  return problems;
}

/** Checks that no event is pending in a service or at the broker, and that the metrics agree. @returns the problems */
export async function pendingWork(fleet: ChaosFleet): Promise<string[]> {
  const problems = await pendingEvents(fleet);
  if (problems.length > 0) return problems;
  for (const service of services) {
    const metrics = await (await fetch(`http://127.0.0.1:${fleet.ports[service]}/metrics`)).text();
    for (const line of metrics.match(/^clientela_(?:outbox|dead_letters)\w*\{.*\} .*$/gm) ?? [
      `${service} has no metrics of its events`,
    ])
      if (!line.endsWith(' 0')) problems.push(`${service}: ${line}`);
  }
  // Asks the broker last, because each rabbitmqctl takes seconds of CPU time.
  if (!fleet.broker || problems.length > 0) return problems;
  const queues = (await fleet.broker.ctl('-q', 'list_queues', 'name', 'messages')).split('\n');
  const fleetQueues = queues.filter((line) => line.startsWith(fleet.exchange));
  return [
    ...fleetQueues.filter((line) => !line.endsWith('\t0')),
    ...(fleetQueues.length < 8 ? ['queues are missing'] : []),
  ];
}
