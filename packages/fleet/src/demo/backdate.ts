import { findPostgres } from '@clientela/embedded-postgres';
import pg from 'pg';
import { databaseUrl } from '../launcher/databases.ts';
import { openSecrets } from '../launcher/secrets.ts';
import type { Settings } from '../launcher/settings.ts';

const services = ['customer', 'favorites', 'interaction'] as const;
type Service = (typeof services)[number];

/** Sets when customers came, each of whom was created at about `now`. @returns whether these databases have them */
export type Backdate = (
  companyId: string,
  customers: readonly { id: string; since: Date }[],
  now: Date,
) => Promise<boolean>;

/**
 * Moves each customer, its tags, notes, history and favorites back to when it came, all by the same time, so that their order stays, and has
 * interactions and transactions recorded when they happened. No route takes a time of creation; this is the one place that writes past the
 * API, in a company of made-up people. Counters follow by trigger.
 */
export const backdateIn =
  (urls: Record<Service, string>): Backdate =>
  async (companyId, customers, now) => {
    const values = [
      companyId,
      customers.map(({ id }) => id),
      customers.map(({ since }) => now.getTime() - since.getTime()),
    ];
    const moveBack = (table: string, key: string, ...columns: string[]) => ({
      text: `update ${table} as t set ${columns.map((column) => `${column} = t.${column} - moved.ms * interval '1 ms'`).join(', ')}
               from unnest($2::uuid[], $3::bigint[]) as moved (id, ms) where t.company_id = $1 and t.${key} = moved.id`,
      values,
    });
    const [found = 0] = await runInTransaction(urls.customer, [
      moveBack('customers', 'id', 'created_at', 'updated_at'),
      moveBack('customer_tags', 'customer_id', 'created_at'),
      moveBack('customer_notes', 'customer_id', 'created_at'),
      moveBack('customer_history', 'customer_id', 'at'),
    ]);
    if (found === 0) return false;
    await runInTransaction(urls.favorites, [moveBack('favorites', 'customer_id', 'created_at')]);
    await runInTransaction(urls.interaction, [
      {
        text: `update interactions set created_at = occurred_at,
                 resolved_at = case when resolved_at is not null then least(now(), occurred_at + interval '3 days') end,
                 updated_at = case when resolved_at is null then occurred_at else least(now(), occurred_at + interval '3 days') end
                 where company_id = $1`,
        values: [companyId],
      },
      {
        text: `update transactions set created_at = occurred_at, updated_at = occurred_at where company_id = $1`,
        values: [companyId],
      },
    ]);
    return true;
  };

/** Runs statements in one transaction. @returns how many rows each changed */
async function runInTransaction(url: string, statements: readonly pg.QueryConfig[]): Promise<number[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  client.on('error', () => {}); // a lost connection fails the next statement
  await client.connect();
  try {
    await client.query('begin');
    const counts: number[] = [];
    for (const statement of statements) counts.push((await client.query(statement)).rowCount ?? 0);
    await client.query('commit');
    return counts;
  } finally {
    await client.end();
  }
}

/** @returns the addresses of the running databases of an installation, as its services use them; undefined where there are none */
export async function findDatabases(folder: string, settings: Settings): Promise<Record<Service, string> | undefined> {
  const adminUrl = settings.postgresAdminUrl ?? (await findPostgres(folder));
  const found = services.map((service) => {
    const external = settings.databases[service]?.url;
    return (
      external ?? (adminUrl && databaseUrl(adminUrl, service, openSecrets(folder, settings).rolePasswords[service].app))
    );
  });
  if (found.includes(undefined)) return undefined;
  return Object.fromEntries(services.map((service, index) => [service, found[index]])) as Record<Service, string>;
}
