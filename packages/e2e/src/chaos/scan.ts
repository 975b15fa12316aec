import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { locatePostgres } from '@clientela/embedded-postgres';
import { services } from '@clientela/fleet';
import { connect } from 'amqplib';
import pg from 'pg';
import type { ChaosFleet } from './chaos-fleet.ts';

/** A place that contains marks. */
export type Found = { where: string; marks: string[] };

/**
 * Searches everything that a fleet has written for marks: table rows, messages, files except those of PostgreSQL and the broker, and
 * output lines. Ignores case and also finds bytes in hexadecimal.
 * @param start prefix of all marks
 */
export async function scan(fleet: ChaosFleet, start: string): Promise<Found[]> {
  const found: Found[] = [];
  const look = (where: string, text: string) => {
    const plain = text.toLowerCase();
    const hex = Buffer.from(start).toString('hex');
    const marks = new Set(plain.match(new RegExp(`${start}[a-z0-9]*`, 'g')));
    if (plain.includes(hex)) marks.add(`${start} in hexadecimal`);
    if (marks.size > 0) found.push({ where, marks: [...marks] });
  };
  for (const service of services) await scanTables(fleet, service, look);
  await scanMessages(fleet, look);
  scanFiles(fleet.folder, look);
  for (const line of fleet.lines) look('output of a process', line);
  // The server's own log must not contain personal data either.
  const { dataHome } = await locatePostgres(fleet.folder);
  look("PostgreSQL's log", readFileSync(join(dataHome, 'postgres.log'), 'latin1'));
  return found;
}

type Look = (where: string, text: string) => void;

async function scanTables({ databases, postgres }: ChaosFleet, service: (typeof services)[number], look: Look) {
  // The server's superuser sees every table.
  const url = new URL(postgres.adminUrl ?? databases[service].ownerUrl);
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

/** Keeps a copy of every message from now on, which `scan` reads. */
export async function tapMessages({ broker, exchange }: ChaosFleet): Promise<void> {
  if (!broker) return;
  const model = await connect(broker.url);
  const channel = await model.createChannel();
  await channel.assertQueue(tapOf(exchange), { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  await channel.bindQueue(tapOf(exchange), exchange, '#');
  await model.close();
  await broker.flush();
}

/** Scans every message sent so far and the dead-letter queues. Fails when a service queue is not empty, since only its service reads it. */
async function scanMessages({ broker, exchange }: ChaosFleet, look: Look) {
  if (!broker) return;
  const queues = (await broker.ctl('-q', 'list_queues', 'name', 'messages'))
    .split('\n')
    .map((line) => line.split('\t'));
  const fleetQueues = queues.filter(([name = '']) => name.includes(exchange)) as [string, string][];
  if (fleetQueues.length < 8) throw new Error(`the broker has only ${fleetQueues.length} queues`);
  const model = await connect(broker.url);
  try {
    const channel = await model.createChannel();
    for (const [name, messages] of fleetQueues) {
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

/** Scans an installation's folder, except PostgreSQL's data, which is there unless the tests run as root. */
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
