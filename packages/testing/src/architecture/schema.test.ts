import { harmlessColumns, personalColumns, services, type Service } from '@clientela/contracts';
import { testDatabase, type TestDatabase } from '@clientela/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** Tables without company data. They would not be partitioned by company. */
const tablesWithoutCompany = new Set(['outbox_events', 'outbox_deliveries', 'inbox_events', 'dead_letters']);

describe.each(services)('the database of %s', (service: Service) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase(service);
  });
  afterAll(() => database.drop());
  const query = async <Row>(sql: string) => (await database.owner.raw(sql)).rows as Row[];

  test('classifies every column in its comment', async () => {
    const columns = await query<{ name: string; class: string | null }>(
      `select c.relname || '.' || a.attname as name, col_description(c.oid, a.attnum) as class
         from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
        order by 1`,
    );
    expect(columns.length).toBeGreaterThan(10);
    const unclassified = columns.filter(
      ({ class: comment }) => !/^(personal|sensitive|business|technical)(: .+)?$/.test(comment ?? ''),
    );
    expect(unclassified).toEqual([]);
  });

  test('has no personal or sensitive column that logs would not redact', async () => {
    const columns = await query<{ column: string; tables: string }>(
      `select a.attname as column, string_agg(c.relname, ', ') as tables
         from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0
          and col_description(c.oid, a.attnum) ~ '^(personal|sensitive)'
        group by 1`,
    );
    expect(columns.length).toBeGreaterThan(0);
    // packages/contracts/src/redacted-names.ts
    const listed = new Set([...personalColumns, ...Object.keys(harmlessColumns)]);
    expect(columns.filter(({ column }) => !listed.has(column))).toEqual([]);
  });

  test('puts the company first in every key', async () => {
    const keys = await query<{ table: string; key: string; first: string }>(
      `select c.relname as table, k.relname as key,
              (select attname from pg_attribute where attrelid = c.oid and attnum = i.indkey[0]) as first
         from pg_index i join pg_class c on c.oid = i.indrelid join pg_class k on k.oid = i.indexrelid
        where c.relnamespace = 'public'::regnamespace and (i.indisprimary or i.indisunique)`,
    );
    // Auth is never partitioned by company: its unique values are unique in the whole installation.
    if (service === 'auth') return;
    const misordered = keys.filter(({ table, first }) => !tablesWithoutCompany.has(table) && first !== 'company_id');
    expect(misordered).toEqual([]);
    const references = await query<{ name: string; first: string }>(
      `select conname as name, (select attname from pg_attribute where attrelid = conrelid and attnum = conkey[1]) as first, conrelid::regclass::text as table
         from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace and conrelid::regclass::text <> 'outbox_deliveries'`,
    );
    expect(references.filter(({ first }) => first !== 'company_id')).toEqual([]);
  });

  test('stores instants with milliseconds and a time zone; the owner role owns every table', async () => {
    const coarse = await query(
      `select table_name, column_name, data_type, datetime_precision from information_schema.columns
        where table_schema = 'public' and data_type like 'timestamp%' and (data_type <> 'timestamp with time zone' or datetime_precision <> 3)`,
    );
    expect(coarse).toEqual([]);
    const foreign = await query(
      `select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'S', 'v') and relowner <> current_user::regrole`,
    );
    expect(foreign).toEqual([]);
  });
});
