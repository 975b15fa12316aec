import { serviceTest, type TestService } from '@clientela/testing';
import { expect } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';

// Cursor pagination over a large list during writes: unchanged customers are neither repeated nor skipped.

const test = serviceTest(() => createTestCustomer({ pool: 4 }));

const path = '/api/customers';
const amount = 100_000;

/** Inserts customers with repeated and missing names, without the search index, which this list does not use. */
async function fill(service: TestService, company_id: string): Promise<void> {
  const { owner } = service.database;
  await owner.transaction(async (tx) => {
    await tx.raw('drop index customers_search_text');
    await tx.raw(
      `insert into customers (company_id, id, full_name, full_name_built, email, preferences, search_text, created_at)
       select ?, gen_random_uuid(), case when n % 10 > 0 then 'Customer ' || n % 20011 end, false, n || '@example.com',
         '{"newsletter": false, "notifications": true, "language": "en"}', '', date_trunc('milliseconds', now() - n % 60013 * interval '1 minute')
       from generate_series(1, ${amount}) n`,
      [company_id],
    );
    await tx.raw(
      `insert into customer_counters (company_id, customer_id, currency, customer_created_at, is_listed)
       select company_id, id, 'EUR', created_at, true from customers`,
    );
  });
  await owner.raw('analyze customers, customer_counters');
}

test('cursor pagination over 100,000 customers returns each unchanged one once while others are created, changed and deleted', async ({
  service,
}) => {
  const company = service.company();
  await fill(service, company.id);
  const unchanged = new Set<string>(await service.database.owner('customers').pluck('id'));
  expect(unchanged.size).toBe(amount);

  // Changes customers before, at and after the current position.
  const victims = [...unchanged].filter((_, at) => at % 37 === 0).toSorted();
  const written = { created: 0, changed: 0, removed: 0 };
  const write = async (at: number) => {
    // One user for each write, because writes are rate limited by user.
    const writer = service.user('admin', company);
    const victim = victims[at] ?? '';
    unchanged.delete(victim);
    if (at % 3 === 0) {
      const full_name = at % 2 ? `Customer ${at % 20_011}` : `Zoe ${at}`;
      await writer.patch(`${path}/${victim}`, { full_name }).expect(200);
      written.changed += 1;
    } else if (at % 3 === 1) {
      await writer.delete(`${path}/${victim}${at % 2 ? '?hard_delete=true' : ''}`).expect(200);
      written.removed += 1;
    } else {
      await writer.post(path, { full_name: `Customer ${(at * 7919) % 20_011}` }).expect(201);
      written.created += 1;
    }
  };

  const reader = service.user('viewer', company);
  const seen = new Map<string, number>();
  let pages = 0;
  for (let cursor: string | null = ''; cursor !== null; pages += 1) {
    const query = `sort=full_name&per_page=100&cursor=${encodeURIComponent(cursor)}`;
    const [{ body }] = await Promise.all([reader.get(`${path}?${query}`).expect(200), write(pages)]);
    for (const { id } of body.customers as { id: string }[]) seen.set(id, (seen.get(id) ?? 0) + 1);
    cursor = body.next_cursor as string | null;
  }

  expect(Math.min(...Object.values(written))).toBeGreaterThan(300);
  expect([...unchanged].filter((id) => seen.get(id) !== 1)).toEqual([]);
});
