import { isDeepStrictEqual } from 'node:util';
import { events } from '@clientela/contracts';
import { services, type Service } from '@clientela/fleet';
import { countersOf, type Customer } from './ledger.ts';
import type { ChaosStreet } from './chaos-fleet.ts';
import { untilAnswered } from './retry.ts';
import type { Writer } from './writers.ts';

/** One line for what is not as it must be; of a list, what is there and should not be, and what is missing. */
function differs(what: string, found: unknown, expected: unknown): string[] {
  if (isDeepStrictEqual(found, expected)) return [];
  if (!Array.isArray(found) || !Array.isArray(expected))
    return [`${what}: ${text(found)} instead of ${text(expected)}`];
  const [has, needs] = [found.map(text), expected.map(text)];
  const more = has.filter((one) => !needs.includes(one));
  const missing = needs.filter((one) => !has.includes(one));
  const counts = `${has.length} instead of ${needs.length}`;
  return [`${what}: ${counts}, too much: ${more.join(' ') || 'none'}, missing: ${missing.join(' ') || 'none'}`];
}
const text = (value: unknown) => JSON.stringify(value) ?? 'nothing';

const by = <T>(list: readonly T[], key: (one: T) => string | number): T[] =>
  list.toSorted((one, other) => (key(one) < key(other) ? -1 : 1));

type Row = Record<string, unknown> & { id: string };

/** Every page of a list, through the gateway. */
async function all(writer: Writer, path: string, plural: string, query = ''): Promise<Row[]> {
  const found: Row[] = [];
  for (let page = 1; ; page += 1) {
    const { body } = await read(writer, `${path}?per_page=100&page=${page}${query}`);
    found.push(...body[plural]);
    if (page >= body.pages) return found;
  }
}
const read = (writer: Writer, path: string) => untilAnswered(writer.client, '', 'GET', path);

/** Whether what a writer was told is done can be read, all of it, once, and nothing besides. */
export async function allIsThere(writer: Writer): Promise<string[]> {
  const { name, book } = writer;
  const living = book.customers.filter(({ gone }) => !gone);
  const profiles = new Set(book.users.map(({ id }) => id));
  const customers = await all(writer, '/api/customers', 'customers', '&active_only=false');
  const pick = ({ id, number, full_name, status, type }: Row | Customer) => ({ id, number, full_name, status, type });
  const wrong = [
    ...differs(
      `${name}: customers`,
      by(customers.filter(({ user_id }) => !profiles.has(String(user_id))).map(pick), ({ id }) => id),
      by(living.map(pick), ({ id }) => id),
    ),
    ...differs(
      `${name}: products`,
      by(await all(writer, '/api/products', 'products'), ({ id }) => id).map(({ id, name }) => ({ id, name })),
      by(book.products, ({ id }) => id).map(({ id, name }) => ({ id, name })),
    ),
    ...differs(
      `${name}: favorites`,
      by((await read(writer, '/rest/v1/favorites?limit=1000')).body.items as { id: number }[], ({ id }) => id).map(
        ({ id }) => id,
      ),
      by(
        living.flatMap(({ favorites }) => favorites),
        ({ id }) => id,
      ).map(({ id }) => id),
    ),
    ...differs(
      `${name}: transactions`,
      by(await all(writer, '/api/transactions', 'transactions'), ({ id }) => id).map(
        ({ id, customer_id, kind, amount, status }) => ({ id, customer_id, kind, amount, status }),
      ),
      by(
        book.customers.flatMap(({ id: of, gone, transactions }) =>
          transactions.map((transaction) => ({ ...transaction, customer_id: gone ? null : of })),
        ),
        ({ id }) => id,
      ).map(({ id, customer_id, kind, amount, status }) => ({ id, customer_id, kind, amount, status })),
    ),
  ];
  for (const customer of living) wrong.push(...(await itsOwn(writer, customer)));
  for (const { id } of book.customers.filter(({ gone }) => gone))
    wrong.push(...differs(`${name}: removed ${id}`, (await read(writer, `/api/customers/${id}`)).status, 404));
  return wrong;
}

async function itsOwn(writer: Writer, customer: Customer): Promise<string[]> {
  const path = `/api/customers/${customer.id}`;
  const what = `${writer.name}: customer ${customer.id}:`;
  const interactions = await all(writer, `${path}/interactions`, 'interactions');
  const counters = countersOf(customer);
  const stats = (await read(writer, `${path}/stats`)).body;
  const pick = ({ id, type, status, notes }: Row | Customer['interactions'][number]) => ({ id, type, status, notes });
  return [
    ...differs(`${what} stats`, Object.fromEntries(Object.keys(counters).map((name) => [name, stats[name]])), counters),
    ...differs(
      `${what} tags`,
      by((await read(writer, `${path}/tags`)).body.tags as Row[], ({ id }) => id).map(({ id, label }) => ({
        id,
        label,
      })),
      by(customer.tags, ({ id }) => id),
    ),
    ...differs(
      `${what} notes`,
      (await all(writer, `${path}/notes`, 'notes')).map(({ content }) => content).toSorted(),
      customer.notes.toSorted(),
    ),
    ...differs(
      `${what} interactions`,
      by(interactions.map(pick), ({ id }) => id),
      by(customer.interactions.map(pick), ({ id }) => id),
    ),
  ];
}

const toldToAuth = Object.entries(events)
  .filter(([service]) => service !== 'auth')
  .flatMap(([, said]) => said.map(({ name }) => name));

/** Whether everything that was done is in the audit trail, once, and has had its effect in the other services, once. */
export async function onceEach(street: ChaosStreet, { name, book, company_id }: Writer): Promise<string[]> {
  const profiles = await street.ask(
    'customer',
    'select id, user_id, full_name from customers where company_id = $1 and user_id is not null',
    [company_id],
  );
  const trail = await street.ask(
    'auth',
    `select action || ' ' || resource_id as what, count(*)::int as times from audit_logs
      where company_id = $1 and action = any($2) and resource_id <> all($3) group by 1`,
    [company_id, toldToAuth, profiles.map(({ id }) => id)],
  );
  const found = new Map(trail.map(({ what, times }) => [String(what), times]));
  const made = await street.ask(
    'auth',
    `select resource_id as id from audit_logs where action = 'customer.created' and resource_id = any($1)`,
    [profiles.map(({ id }) => id)],
  );
  const gone = book.customers.filter((customer) => customer.gone);
  const living = book.customers.filter((customer) => !customer.gone);
  const counters = await street.ask(
    'customer',
    `select customer_id, total_orders::int, returned_orders::int, lifetime_value::text, total_appointments::int,
        cancelled_appointments::int, total_complaints::int, open_complaints::int
       from customer_counters where company_id = $1 and customer_id = any($2)`,
    [company_id, living.map(({ id }) => id)],
  );
  const left = async (service: Service, table: string) =>
    street.ask(service, `select customer_id from ${table} where company_id = $1 and customer_id = any($2)`, [
      company_id,
      gone.map(({ id }) => id),
    ]);
  return [
    ...[...new Set([...found.keys(), ...book.said.keys()])].flatMap((what) =>
      differs(`${name}: ${what} in the audit trail`, found.get(what) ?? 0, book.said.get(what) ?? 0),
    ),
    ...differs(
      `${name}: counters`,
      by(counters, ({ customer_id }) => String(customer_id)),
      by(living, ({ id }) => id).map((customer) => Object.assign({ customer_id: customer.id }, countersOf(customer))),
    ),
    ...differs(
      `${name}: profiles of users`,
      by(profiles, ({ user_id }) => String(user_id)).map(({ user_id, full_name }) => ({ user_id, full_name })),
      by(book.users, ({ id }) => id).map(({ id, first_name }) => ({ user_id: id, full_name: `${first_name} X` })),
    ),
    ...differs(`${name}: profiles in the audit trail`, made.length, profiles.length),
    ...differs(`${name}: interactions of removed customers`, await left('interaction', 'interactions'), []),
    ...differs(`${name}: transactions of removed customers`, await left('interaction', 'transactions'), []),
    ...differs(`${name}: favorites of removed customers`, await left('favorites', 'favorites'), []),
  ];
}

/** Whether anything is kept to be sent, or was given up. */
export async function nothingLeft(street: ChaosStreet): Promise<string[]> {
  const wrong: string[] = [];
  for (const service of services) {
    const rows = await street.ask(
      service,
      `select (select count(*)::int from outbox_deliveries) as waiting, (select count(*)::int from dead_letters) as failed`,
    );
    wrong.push(...differs(`${service}: events`, rows, [{ waiting: 0, failed: 0 }]));
  }
  return wrong;
}

/** Whether anything still waits, in the services or at the broker; and whether their figures say so. */
export async function nothingWaits(street: ChaosStreet): Promise<string[]> {
  const wrong = await nothingLeft(street);
  if (wrong.length > 0) return wrong;
  for (const service of services) {
    const figures = await (await fetch(`http://127.0.0.1:${street.ports[service]}/metrics`)).text();
    for (const line of figures.match(/^clientela_events_\w+\{.*\} .*$/gm) ?? [`${service} tells nothing of its events`])
      if (!line.endsWith(' 0')) wrong.push(`${service}: ${line}`);
  }
  if (!street.broker) return wrong;
  const queues = (await street.broker.ctl('-q', 'list_queues', 'name', 'messages')).split('\n');
  const ours = queues.filter((line) => line.startsWith(street.exchange));
  return [
    ...wrong,
    ...ours.filter((line) => !line.endsWith('\t0')),
    ...(ours.length < 8 ? ['queues are missing'] : []),
  ];
}
