import { services } from '@clientela/contracts';
import type { TestStreet } from '../testing/test-fleet.ts';
import pg from 'pg';
import { expect } from 'vitest';

/** They change by themselves, or tell of refusals: deliveries, the trail, counters of failed sign-ins, pictures to be removed. */
const technical = /^(outbox_|inbox_|audit_|sign_in_|avatar_deletions|migrations|knex_|schema_)/;

export type Contents = Record<string, string>;

/** A checksum of every table of every service. Waits until no event is on its way, as one that arrives is no fault. */
export async function contentsOf({ databases }: TestStreet): Promise<Contents> {
  const contents: Contents = {};
  for (const service of services) {
    const client = new pg.Client({ connectionString: databases[service].owner_url });
    await client.connect();
    try {
      const ask = async (sql: string) => (await client.query<Record<string, string>>(sql)).rows;
      await expect
        .poll(() => ask('select count(*) as deliveries from outbox_deliveries'), { timeout: 15_000, interval: 50 })
        .toEqual([{ deliveries: '0' }]);
      const tables = await ask(`select tablename as name from pg_tables where schemaname = 'public' order by 1`);
      for (const { name = '' } of tables.filter(({ name: table = '' }) => !technical.test(table))) {
        const sums = await ask(
          `select count(*) || ' ' || md5(coalesce(string_agg(md5(t::text), '' order by md5(t::text)), '')) as sum from "${name}" t`,
        );
        contents[`${service}.${name}`] = sums[0]?.['sum'] ?? '';
      }
    } finally {
      await client.end();
    }
  }
  return contents;
}
