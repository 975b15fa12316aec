import { services } from '@clientela/contracts';
import pg from 'pg';
import { expect } from 'vitest';
import type { TestFleet } from '../testing/test-fleet.ts';

/** Tables that change in the background or on rejected requests: deliveries, audit log, failed sign-ins, avatars to delete. */
const excluded = /^(outbox_|inbox_|audit_|sign_in_|avatar_deletions|migrations|knex_|schema_)/;

export type Checksums = Record<string, string>;

/** Computes a checksum of every table of every service, after all pending events are delivered. */
export async function tableChecksums({ databases }: TestFleet): Promise<Checksums> {
  const checksums: Checksums = {};
  for (const service of services) {
    const db = new pg.Client({ connectionString: databases[service].ownerUrl });
    await db.connect();
    try {
      const query = async (sql: string) => (await db.query<Record<string, string>>(sql)).rows;
      await expect
        .poll(() => query('select count(*) as deliveries from outbox_deliveries'), { timeout: 45_000, interval: 50 })
        .toEqual([{ deliveries: '0' }]);
      const tables = await query(`select tablename as name from pg_tables where schemaname = 'public' order by 1`);
      for (const { name = '' } of tables.filter((table) => !excluded.test(table['name'] ?? ''))) {
        const [row] = await query(
          `select count(*) || ' ' || md5(coalesce(string_agg(md5(t::text), '' order by md5(t::text)), '')) as sum from "${name}" t`,
        );
        checksums[`${service}.${name}`] = row?.['sum'] ?? '';
      }
    } finally {
      await db.end();
    }
  }
  return checksums;
}
