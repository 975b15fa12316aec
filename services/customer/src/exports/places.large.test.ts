import { serviceTest, type TestService } from '@clientela/testing';
import { expect } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';
import { downloadRows, fill, startDownload, statusOf } from './testing/download.ts';

const test = serviceTest(() => createTestCustomer({ pool: 5 }));
const path = '/api/customers';

/** As the app role, whose sessions other roles do not see. */
const transactionsOf = async ({ database }: TestService): Promise<number> => {
  const where = "datname = current_database() and application_name = 'test' and state like 'idle in transaction%'";
  return (await database.db('pg_stat_activity').select('pid').whereRaw(where)).length;
};

test('an export ends its transaction and frees its place when the client leaves or sends HEAD; a third of a company is a 503', async ({
  admin,
  service,
  company,
}) => {
  await fill(service, company.id, 600, 60_000); // more than the buffers hold
  const running = await Promise.all([1, 2].map(() => startDownload(service, company.id, 'export.csv')));
  const { headers, body } = await admin.get(`${path}/export.jsonl`).expect(503);
  expect(body).toMatchObject({ error_code: 'SERVICE_UNAVAILABLE' });
  expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  expect(await downloadRows(service, service.company().id)).toEqual([]);
  await expect.poll(() => transactionsOf(service)).toBe(2); // one that reads at this instant is not idle
  for (const response of running) response.destroy();
  await expect.poll(() => transactionsOf(service)).toBe(0);
  for (let request = 0; request < 3; request += 1)
    await expect.poll(() => statusOf(service, company.id, 'HEAD')).toBe(200); // a place is free shortly after its transaction
  await expect.poll(() => transactionsOf(service)).toBe(0);
  await expect.poll(() => statusOf(service, company.id, 'HEAD')).toBe(200);
});
