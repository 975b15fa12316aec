import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { locatePostgres } from '@clientela/embedded-postgres';
import { services } from '@clientela/fleet';
import { connect } from 'amqplib';
import pg from 'pg';
import type { ChaosStreet } from './chaos-fleet.ts';

/** Where something was found, and what of it. */
export type Found = { where: string; marks: string[] };

/**
 * Looks for a text everywhere that this street has put anything: every row of every table, every message, every file but those of
 * PostgreSQL and the broker, every line of a log. Letters' case aside, and as bytes that a table shows in hexadecimal.
 * @param start what all marks begin with
 */
export async function scan(street: ChaosStreet, start: string): Promise<Found[]> {
  const found: Found[] = [];
  const look = (where: string, text: string) => {
    const plain = text.toLowerCase();
    const hex = Buffer.from(start).toString('hex');
    const marks = new Set(plain.match(new RegExp(`${start}[a-z0-9]*`, 'g')));
    if (plain.includes(hex)) marks.add(`${start} in hexadecimal`);
    if (marks.size > 0) found.push({ where, marks: [...marks] });
  };
  for (const service of services) await scanTables(street, service, look);
  await scanMessages(street, look);
  scanFiles(street.folder, look);
  for (const line of street.lines) look('a line that a program wrote', line);
  // The server's own log is nobody's data either.
  const { home } = await locatePostgres(street.folder);
  look("PostgreSQL's log", readFileSync(join(home, 'postgres.log'), 'latin1'));
  return found;
}

type Look = (where: string, text: string) => void;

async function scanTables({ databases, postgres }: ChaosStreet, service: (typeof services)[number], look: Look) {
  // As the server's superuser: there is no table that it does not see.
  const url = new URL(postgres.admin_url ?? databases[service].owner_url);
  url.pathname = new URL(databases[service].url).pathname;
  const db = new pg.Client({ connectionString: url.href });
  await db.connect();
  try {
    const { rows } = await db.query<{ name: string }>(
      `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'm') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')`,
    );
    if (rows.length < 5) throw new Error(`the ${service} database shows only ${rows.length} tables`);
    for (const { name } of rows) {
      const { rows: texts } = await db.query<{ row: string }>(`select r::text as row from ${name} as r`);
      for (const { row } of texts) look(`${service}: ${name}`, row);
    }
  } finally {
    await db.end();
  }
}

const tapOf = (exchange: string) => `tap of ${exchange}`;

/** Keeps a copy of every message from here on, to be looked through by `scan`. */
export async function tapMessages({ broker, exchange }: ChaosStreet): Promise<void> {
  if (!broker) return;
  const model = await connect(broker.url);
  const channel = await model.createChannel();
  await channel.assertQueue(tapOf(exchange), { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  await channel.bindQueue(tapOf(exchange), exchange, '#');
  await model.close();
  await broker.settled();
}

/** Every message that was ever sent, and those that the broker gave up. What waits for a service only that one can take: there is nothing. */
async function scanMessages({ broker, exchange }: ChaosStreet, look: Look) {
  if (!broker) return;
  const queues = (await broker.ctl('-q', 'list_queues', 'name', 'messages'))
    .split('\n')
    .map((line) => line.split('\t'));
  const ours = queues.filter(([name = '']) => name.includes(exchange)) as [string, string][];
  if (ours.length < 8) throw new Error(`the broker has only ${ours.length} queues`);
  const model = await connect(broker.url);
  try {
    const channel = await model.createChannel();
    for (const [name, messages] of ours) {
      const open = name === tapOf(exchange) || name.endsWith('.dead');
      if (!open && messages !== '0') throw new Error(`${messages} messages are still in ${name}`);
      if (!open) continue;
      for (let got = await channel.get(name); got; got = await channel.get(name))
        look(`queue ${name}`, `${JSON.stringify(got.properties)} ${got.content.toString('latin1')}`);
    }
    channel.nackAll(true);
    await channel.close();
  } finally {
    await model.close();
  }
}

/** Below an installation's folder; PostgreSQL's lies there too, unless the tests run as root. */
function scanFiles(folder: string, look: Look) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const is = statSync(path);
    look('the name of a file', name);
    if (is.isDirectory()) {
      if (name !== 'postgres') scanFiles(path, look);
    } else look(path, readFileSync(path, 'latin1'));
  }
}
