import { harmlessColumns, personalColumns, services, type Service } from '@clientela/contracts';
import { testDatabase, type TestDatabase } from '@clientela/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** Tables that hold no company's data: they stay where the service is, whatever is spread. */
const technical = new Set(['outbox_events', 'outbox_deliveries', 'inbox_events', 'dead_letters']);

describe.each(services)('the database of %s', (service: Service) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase(service);
  });
  afterAll(() => database.drop());
  const ask = async <Row>(sql: string) => (await database.owner.raw(sql)).rows as Row[];

  test('says of every column what it holds', async () => {
    const columns = await ask<{ name: string; class: string | null }>(
      `select c.relname || '.' || a.attname as name, col_description(c.oid, a.attnum) as class
         from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
        order by 1`,
    );
    expect(columns.length).toBeGreaterThan(10);
    const unsaid = columns.filter(
      ({ class: said }) => !/^(personal|sensitive|business|technical)(: .+)?$/.test(said ?? ''),
    );
    expect(unsaid).toEqual([]);
  });

  test('has no personal or sensitive column of which logs could speak', async () => {
    const columns = await ask<{ column: string; tables: string }>(
      `select a.attname as column, string_agg(c.relname, ', ') as tables
         from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0
          and col_description(c.oid, a.attnum) ~ '^(personal|sensitive)'
        group by 1`,
    );
    expect(columns.length).toBeGreaterThan(0);
    // packages/contracts/src/redacted-names.ts
    const kept = new Set([...personalColumns, ...Object.keys(harmlessColumns)]);
    expect(columns.filter(({ column }) => !kept.has(column))).toEqual([]);
  });

  test('puts the company first in every key', async () => {
    const keys = await ask<{ table: string; key: string; first: string }>(
      `select c.relname as table, k.relname as key,
              (select attname from pg_attribute where attrelid = c.oid and attnum = i.indkey[0]) as first
         from pg_index i join pg_class c on c.oid = i.indrelid join pg_class k on k.oid = i.indexrelid
        where c.relnamespace = 'public'::regnamespace and (i.indisprimary or i.indisunique)`,
    );
    // Auth is one unspread database: its names are unique in the whole installation.
    if (service === 'auth') return;
    const wrong = keys.filter(({ table, first }) => !technical.has(table) && first !== 'company_id');
    expect(wrong).toEqual([]);
    const references = await ask<{ name: string; first: string }>(
      `select conname as name, (select attname from pg_attribute where attrelid = conrelid and attnum = conkey[1]) as first, conrelid::regclass::text as table
         from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace and conrelid::regclass::text <> 'outbox_deliveries'`,
    );
    expect(references.filter(({ first }) => first !== 'company_id')).toEqual([]);
  });

  test('keeps instants to the millisecond and belongs to the owner alone', async () => {
    const coarse = await ask(
      `select table_name, column_name, data_type, datetime_precision from information_schema.columns
        where table_schema = 'public' and data_type like 'timestamp%' and (data_type <> 'timestamp with time zone' or datetime_precision <> 3)`,
    );
    expect(coarse).toEqual([]);
    const foreign = await ask(
      `select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'S', 'v') and relowner <> current_user::regrole`,
    );
    expect(foreign).toEqual([]);
  });
});
