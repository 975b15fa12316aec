import { heldTransaction } from '@clientela/testing';
import { expect } from 'vitest';
import { importTest, recordsOf, testImport } from './testing/import-tests.ts';

const test = importTest(10);

/** The same people in an order of their own. */
const people = (order: number, amount: number) =>
  recordsOf(
    ...Array.from({ length: amount }, (_, index) => {
      const n = (index * order) % amount;
      return {
        external_id: `${n}`,
        email: `p${n}@example.com`,
        phone: `+3460011${String(1000 + n)}`,
        firstname: `by ${order}`,
        tags: ['t'],
      };
    }),
  );

test.for(['skip', 'update'] as const)(
  'two imports and the API write the same values at once: every customer exists once, and nothing fails (%s)',
  async (on_match, { service, company, admin }) => {
    const amount = 101;
    const imports = [1, 7].map((order) => ({ order, writer: testImport(service, company, admin, { on_match }) }));
    const importing = imports.map(async ({ order, writer }) => {
      const records = people(order, amount);
      const results = [];
      for (let start = 0; start < amount; start += 25)
        results.push(await writer.writeRecords(records.slice(start, start + 25)));
      return results;
    });
    const posting = people(13, amount)
      .slice(0, 40)
      .map(({ fields }) => admin.post('/api/customers', fields));
    const patching = Array.from({ length: 20 }, async () => {
      const [customer] = (await service.database.owner('customers').where({ company_id: company.id }).limit(1)) as {
        id: string;
      }[];
      return customer ? (await admin.put(`/api/customers/${customer.id}`, { city_id: 1 })).status : 200;
    });
    const results = (await Promise.all(importing)).flat();
    for (const { status } of await Promise.all(posting)) expect([201, 409]).toContain(status);
    expect(new Set(await Promise.all(patching))).toEqual(new Set([200]));
    expect(results.flatMap(({ problems }) => problems)).toEqual([]);
    const sum = (of: 'created' | 'updated' | 'skipped' | 'failed') =>
      results.reduce((total, result) => total + result[of], 0);
    expect(sum('failed')).toBe(0);
    expect(sum('created') + sum('updated') + sum('skipped')).toBe(2 * amount);
    const customers = await service.database.owner('customers').where({ company_id: company.id });
    expect(customers).toHaveLength(amount);
    const counted = await service.database
      .owner('customer_counts')
      .where({ company_id: company.id })
      .sum('customers as n')
      .first();
    expect(Number(counted?.n)).toBe(amount);
    expect(await service.database.owner('customer_counters').where({ company_id: company.id })).toHaveLength(amount);
    expect(await service.database.owner('customer_tags').where({ company_id: company.id })).toHaveLength(amount);
  },
);

test('a value taken between lookup and write is found by a repetition of the chunk', async ({
  service,
  company,
  admin,
}) => {
  const { database } = service;
  const holder = await heldTransaction(database.db);
  const { id: company_id } = company;
  const { rows } = await holder.raw(
    `insert into customers (company_id, id, email, full_name_built, preferences, search_text) values (?, gen_random_uuid(), 'A@example.com', true, '{}', '') returning number`,
    [company_id],
  );
  // The lookup of the import does not see the uncommitted customer; its insert waits for it.
  const writing = testImport(service, company, admin, { match_on: 'external_id' }).write(
    { external_id: 'x', email: 'a@example.com' },
    { external_id: 'y', email: 'b@example.com' },
  );
  await expect
    .poll(async () => (await database.owner.raw(`select count(*)::int as n from pg_locks where not granted`)).rows[0].n)
    .toBeGreaterThan(0);
  await holder.commit();
  expect(await writing).toMatchObject({
    created: 1,
    failed: 1,
    problems: [{ row: 2, column: 'email', reason: `belongs to another customer, number ${rows[0].number}` }],
  });
});
