import { testSecret } from '@clientela/testing';
import { expect } from 'vitest';
import { createFingerprinter } from '../../tombstones/fingerprints.ts';
import { insertFingerprints } from '../../tombstones/store.ts';
import { importTest, recordsOf } from './testing/import-tests.ts';

const test = importTest();
const skipping = { match_on: 'phone', on_match: 'skip', taken_values: 'skip' } as const;

test('skips records whose phone or external id a customer has, and changes no customer', async ({
  admin,
  startImport,
}) => {
  const byPhone = await admin.post('/api/customers', { firstname: 'Ana', phone: '+79025163111' }).expect(201);
  await admin.post('/api/customers', { firstname: 'Ben', external_id: '501' }).expect(201);
  const result = await startImport(skipping).write(
    { firstname: 'Anna', phone: '+79025163111', external_id: '500', email: 'ana@example.com' },
    { firstname: 'Benno', phone: '+79025163112', external_id: '501' },
    { firstname: 'Cleo', phone: '+79025163113', external_id: '502' },
    { firstname: 'Cleo again', phone: '+79025163113', external_id: '503' },
  );
  expect(result).toMatchObject({ created: 1, updated: 0, skipped: 3, failed: 0, problems: [] });
  const { body } = await admin.get(`/api/customers/${byPhone.body.customer.id}`).expect(200);
  expect(body.customer).toEqual(byPhone.body.customer);
});

test('leaves an e-mail out that another customer or an earlier record has, and counts it', async ({
  admin,
  startImport,
}) => {
  await admin.post('/api/customers', { email: 'Family@example.com' }).expect(201);
  const result = await startImport(skipping).write(
    { firstname: 'Ana', phone: '+79025163111', email: 'family@example.com' },
    { firstname: 'Ben', phone: '+79025163112', email: 'ben@example.com' },
    { firstname: 'Cleo', phone: '+79025163113', email: 'BEN@example.com' },
  );
  expect(result).toMatchObject({ created: 3, skipped: 0, failed: 0, emails_taken: 2, problems: [] });
  const emails = await Promise.all(
    result.ids.created.map(async (id) => (await admin.get(`/api/customers/${id}`).expect(200)).body.customer.email),
  );
  expect(emails).toEqual([null, 'ben@example.com', null]);
});

test('does not bring back a customer that was deleted, or erased', async ({ admin, startImport, service, company }) => {
  const records = [
    { phone: '+79025163111', external_id: '1', email: 'one@example.com' },
    { phone: '+79025163112', external_id: '2' },
  ];
  const { ids } = await startImport(skipping).write(...records);
  const [deleted, erased] = ids.created;
  await admin.delete(`/api/customers/${deleted}`).expect(200);
  await admin.delete(`/api/customers/${erased}?hard_delete=true`).expect(200);
  const fingerprints = createFingerprinter(testSecret)(company.id, { phone: records[1]!.phone });
  await service.database.db.transaction((tx) =>
    insertFingerprints(
      tx,
      company.id,
      fingerprints.map(({ fingerprint }) => fingerprint),
    ),
  );
  const again = await startImport(skipping).write(...records);
  expect(again).toMatchObject({ created: 0, skipped: 1, failed: 1, ids: { created: [], updated: [] } });
  expect(await service.database.db('customers').where({ company_id: company.id }).whereNull('deleted_at')).toEqual([]);
});

test('a record’s own registration time becomes created_at, which counts in statistics', async ({
  admin,
  startImport,
  service,
}) => {
  const [record, other] = recordsOf({ phone: '+79025163111' }, { phone: '+79025163112' });
  const created_at = '2019-03-04T05:06:07.000Z';
  const { ids } = await startImport(skipping).writeRecords([{ ...record!, created_at }, other!]);
  const [id, otherId] = ids.created;
  const { body } = await admin.get(`/api/customers/${id}`).expect(200);
  expect(body.customer.created_at).toBe(created_at);
  const { body: otherBody } = await admin.get(`/api/customers/${otherId}`).expect(200);
  expect(Date.now() - Date.parse(otherBody.customer.created_at)).toBeLessThan(60_000);
  expect(
    await service.database.db('customer_counters').where({ customer_id: id }).pluck('customer_created_at'),
  ).toEqual([created_at]);
  const { body: listed } = await admin.get('/api/customers?sort=created_at').expect(200);
  expect(listed.customers.map((one: { id: string }) => one.id)).toEqual([id, otherId]);
});
