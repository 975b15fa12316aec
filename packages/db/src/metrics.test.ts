import type { Metrics } from '@clientela/runtime';
import { testDatabase } from '@clientela/testing';
import { afterAll, expect, test, vi } from 'vitest';
import { afterCommit } from './transaction.ts';
import { statementName } from './metrics.ts';

const { db, owner, drop, url } = await testDatabase('product', { pool: 2 });
afterAll(drop);

const value = (text: string, series: string) =>
  Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.slice(series.length),
  );

test('a statement is named by its verb and its first table', () => {
  for (const [sql, name] of [
    ['select "id" from "customers" where "company_id" = ?', 'select customers'],
    ['insert into "customer_tags" ("id") values (?)', 'insert customer_tags'],
    ['insert into customer_locks (id) values ($1) on conflict (id) do update set x = 1', 'insert customer_locks'],
    ['with c as (insert into customers (id) values ($1) returning *) select x from c', 'with customers'],
    ['update "customers" set "version" = ?', 'update customers'],
    ['delete from "outbox_deliveries" where (a) in ((?))', 'delete outbox_deliveries'],
    ['with c as (select ? ::uuid as id)\n select x from c', 'with c'],
    ['select extract(epoch from now()) as age, x from unnest(?) join "jobs" on true', 'select jobs'],
    [`select count(*) as "from" from\n  only companies`, 'select companies'],
    ['select 1', 'select'],
    ['BEGIN;', 'begin'],
    ['SAVEPOINT trx7;', 'savepoint'],
    ['?', 'other'],
  ] as const)
    expect(statementName(sql)).toBe(name);
});

test('work after the commit is skipped after a rollback, of a savepoint too', async () => {
  const done: string[] = [];
  await db.transaction(async (tx) => {
    afterCommit(tx, () => done.push('outer'));
    await tx.transaction(async (savepoint) => afterCommit(savepoint, () => done.push('inner')));
    await tx
      .transaction(async (savepoint) => {
        afterCommit(savepoint, () => done.push('undone'));
        throw new Error('rolled back');
      })
      .catch(() => {});
    expect(done).toEqual([]);
  });
  await db
    .transaction(async (tx) => {
      afterCommit(tx, () => done.push('undone'));
      throw new Error('rolled back');
    })
    .catch(() => {});
  await expect.poll(() => done.toSorted()).toEqual(['inner', 'outer']);
});

test('statements, connections, waits and table sizes are measured by pool', async () => {
  vi.resetModules(); // in a worker that has run many tests, the labels have all the values that they may have
  const { exposeMetrics } = await import('@clientela/runtime');
  const { connect } = await import('./connect.ts');
  const { tableMetrics } = await import('./metrics.ts');
  const scrape = async (...sets: Metrics[]) => (await exposeMetrics(...sets)).text;
  const pool = connect(url, { name: 'tested extra', pool: 1 });
  const connections = (text: string, state: string) =>
    value(text, `clientela_db_pool_connections{service="tested",pool="extra",state="${state}"}`);
  try {
    await pool.transaction(async (tx) => {
      await tx.raw('select 1 from products limit 1');
      const waiting = pool.raw('select 1').then(() => {});
      const text = await scrape();
      expect(['used', 'idle', 'waiting'].map((state) => connections(text, state))).toEqual([1, 0, 1]);
      void waiting;
    });
    await expect.poll(async () => connections(await scrape(), 'idle')).toBe(1);
    await owner.raw('analyze products');
    const text = await scrape(tableMetrics(db, 'product'));
    expect(value(text, 'clientela_db_query_duration_seconds_count{service="tested",statement="select products"}')).toBe(
      1,
    );
    expect(value(text, 'clientela_db_pool_wait_seconds_count{service="tested",pool="extra"}')).toBe(2);
    expect(value(text, 'clientela_db_table_rows{service="product",table="products"}')).toBe(0);
    expect(value(text, 'clientela_db_table_bytes{service="product",table="products"}')).toBeGreaterThan(0);
  } finally {
    await pool.destroy();
  }
  expect(await scrape()).not.toContain('pool="extra",state=');
});
