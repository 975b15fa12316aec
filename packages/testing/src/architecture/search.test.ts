import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { services, type Service } from '@clientela/contracts';
import { findOutdatedCollations, normalizeForSearch } from '@clientela/db';
import { databaseBefore, testDatabase } from '@clientela/testing';
import { expect, test } from 'vitest';

const top = resolve(import.meta.dirname, '../../../..');

type OpenApi = { paths: Record<string, { get?: { parameters?: { in: string; name: string }[] } }> };

test('every search is one whose tests show that digits do not match letters of other scripts', () => {
  const searches = services.flatMap((service) => {
    const document = JSON.parse(readFileSync(join(top, 'services', service, 'openapi.json'), 'utf8')) as OpenApi;
    return Object.entries(document.paths).flatMap(([path, { get }]) =>
      (get?.parameters ?? []).some(({ in: place, name }) => place === 'query' && ['search', 'q'].includes(name))
        ? [`${service} ${path}`]
        : [],
    );
  });
  // Each has a test `does not find letters of other scripts by digits or Latin letters`; large tests search with all letters.
  expect(searches.toSorted()).toEqual([
    'auth /api/v1/users',
    'customer /api/customers',
    'customer /api/customers/export.csv',
    'customer /api/customers/export.jsonl',
    'customer /api/customers/search',
    'customer /api/customers/tags/labels',
    'interaction /api/customers/{customer_id}/interactions',
    'product /api/products',
  ]);
});

const company_id = randomUUID();
const id = randomUUID();
const rows = {
  auth: {
    migration: 'auth-0003_search_text.sql',
    table: 'users',
    before: {
      companies: {
        id: company_id,
        number: 1,
        company_id: 'COMP-001',
        company_key: 'A',
        name: 'A',
        country: 'KR',
        currency: 'KRW',
      },
    },
    row: { company_id, username: 'kim', email: 'kim@example.com', first_name: 'x', role: 'admin', password_hash: 'x' },
  },
  interaction: {
    migration: 'interaction-0004_search_text.sql',
    table: 'interactions',
    before: { customer_locks: { company_id, customer_id: id } },
    row: { company_id, customer_id: id, type: 'call', notes: 'x', created_by: 'x' },
  },
  product: {
    migration: 'product-0002_name_order.sql',
    table: 'products',
    before: {},
    row: { company_id, name: 'x', type: 'product', price: 1, currency: 'EUR' },
  },
} as const satisfies Partial<Record<Service, unknown>>;

test.each(['auth', 'interaction', 'product'] as const)(
  'a stored search text of %s gets the new form of letters of other scripts',
  async (service) => {
    const { migration, table, before, row } = rows[service];
    const database = await databaseBefore(service, migration);
    try {
      for (const [name, values] of Object.entries(before)) await database.owner(name).insert(values);
      const old = '|00110b|001175|001106 ana |x 1175\n|00738b|005c0f |beef';
      await database.owner(table).insert({ ...row, id, search_text: old });
      await database.migrate();
      const { search_text } = await database.owner(table).where({ id }).first();
      expect(search_text).toBe('|AABBAL|AABBHF|AABBAG ana |x 1175\n|AAHDIL|AAFMAP |beef');
      expect(search_text).toContain(normalizeForSearch('王小'));
    } finally {
      await database.drop();
    }
  },
);

test.each(['customer', 'product'] as const)(
  'no unique index of %s depends on the collation of names',
  async (service) => {
    const database = await testDatabase(service);
    try {
      const { rows: found } = await database.owner.raw(
        `select i.indexrelid::regclass::text as name, i.indisunique as is_unique from pg_index i
         where exists (select from unnest(i.indcollation) as c (oid) join pg_collation on pg_collation.oid = c.oid where collprovider = 'i')`,
      );
      expect(found.map(({ name }: { name: string }) => name).toSorted()).toEqual(
        service === 'customer' ? ['customers_full_name', 'customers_full_name_desc'] : ['products_name'],
      );
      expect(found.filter(({ is_unique }: { is_unique: boolean }) => is_unique)).toEqual([]);
      expect(await findOutdatedCollations(database.db)).toEqual([]);
    } finally {
      await database.drop();
    }
  },
);
