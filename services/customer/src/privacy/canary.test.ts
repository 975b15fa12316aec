import { randomUUID } from 'node:crypto';
import type { TestUser, Company } from '@clientela/testing';
import { expect, test as base } from 'vitest';
import { sampleImage } from '../avatars/testing/sample-images.ts';
import { createTestPrivacy, type TestPrivacy } from './testing/test-privacy.ts';

const test = base
  .extend('privacy', { scope: 'file' }, async ({}, { onCleanup }) => {
    const privacy = await createTestPrivacy();
    onCleanup(() => privacy.close());

    return privacy;
  })
  .extend('company', { scope: 'file' }, ({ privacy }) => privacy.service.company())
  .extend('admin', { scope: 'file' }, ({ privacy, company }) => privacy.service.user('admin', company));

/** Finds the tables with a row that contains a text, ignoring case. */
async function tablesWith(privacy: TestPrivacy, text: string): Promise<string[]> {
  const { owner } = privacy.service.database;
  const { rows } = await owner.raw<{ rows: { name: string }[] }>(
    `select tablename as name from pg_tables where schemaname = 'public'`,
  );
  const found: string[] = [];
  for (const { name } of rows) {
    const held = await owner(`${name} as t`).whereRaw(`lower(t::text) like ?`, [`%${text.toLowerCase()}%`]);
    if (held.length > 0) found.push(name);
  }
  return found.toSorted();
}

/** Creates a customer whose every text contains one unique word. */
async function createPerson(privacy: TestPrivacy, company: Company, admin: TestUser) {
  const canary = `canary${randomUUID().slice(24)}`; // short enough for every field
  const phone = `+3461${String(Math.random()).slice(2, 9)}`;
  const user_id = privacy.newUser();
  const person = privacy.service.user('customer', company, user_id);
  const values = {
    user_id,
    external_id: `${canary} external`,
    full_name: `${canary} full`,
    firstname: `${canary} first`,
    lastname: `${canary} last`,
    email: `${canary}@example.com`,
    phone,
    document_type: 'passport',
    document_number: `${canary}DOC`,
    address: {
      line: `${canary} line`,
      city: `${canary} city`,
      state: `${canary} state`,
      zip_code: canary,
      country: `${canary} country`,
    },
    metadata: { [`${canary} key`]: { deep: [`${canary} value`] } },
    tags: [`${canary} label`],
  };
  const keyed = (path: string, body: object, by = admin) =>
    by.post(path, body).set('Idempotency-Key', `${canary}-${randomUUID()}`);
  const made = await keyed('/api/customers', values).expect(201);
  const { id, number } = made.body.customer as { id: string; number: number };
  const at = `/api/customers/${id}`;
  await admin.patch(at, { full_name: `${canary} renamed`, preferences: { language: 'es' } }).expect(200);
  await keyed(`${at}/tags`, { label: `${canary} tag`, color: canary }).expect(201);
  await keyed(`${at}/notes`, { content: `${canary} note` }).expect(201);
  await admin.patch(`${at}/status`, { status: 'suspended', reason: `${canary} reason` }).expect(200);
  // A batch's key refers to no single person, so it stays with the other steps for 24 hours.
  const operations = [
    { op: 'update', id, data: { metadata: { [`${canary} batch key`]: `${canary} batch` } } },
    { op: 'create', data: { email: values.email } }, // rejected; the error names the value
    { op: 'upsert', match_on: 'email', data: { email: values.email, lastname: `${canary} upserted` } },
  ];
  const batch = admin.post('/api/customers/batch', { operations }).set('Idempotency-Key', randomUUID());
  const { body } = await batch.expect(200);
  expect(body.results.map(({ status }: { status: number }) => status)).toEqual([200, 409, 200]);
  await admin.patch(`${at}/status`, { status: 'active' }).expect(200); // a suspended person changes nothing
  await admin
    .post(`${at}/avatar`)
    .attach('file', await sampleImage('png'), 'me.png')
    .expect(200);
  await person
    .post(`${at}/avatar`)
    .set('Idempotency-Key', `${canary}-avatar`)
    .attach('file', await sampleImage('png'), 'me.png')
    .expect(200);
  await person.patch('/api/customers/me', { address: { line: `${canary} own line` } }).expect(200);
  return { canary, phone, id, number, user_id };
}

test('leaves nothing of an erased person in any row or file, and everything of others', async ({
  privacy,
  company,
  admin,
}) => {
  const erased = await createPerson(privacy, company, admin);
  const files = privacy.files();
  const other = await createPerson(privacy, company, admin);
  const before = await tablesWith(privacy, erased.canary);
  expect(before).toEqual(['customer_history', 'customer_notes', 'customer_tags', 'customers', 'idempotency_keys']);
  const { text } = await admin.post('/api/gdpr/export', { customer_id: erased.id }).expect(200);
  for (const part of [
    ' external',
    ' renamed',
    ' full', // in the history
    ' first',
    ' last',
    '@example.com',
    ' line',
    ' city',
    ' state',
    ' country',
    ' key',
    ' value',
    ' label',
    ' tag',
    ' note',
    ' reason',
    ' batch key',
    ' upserted',
    ' own line',
  ])
    expect(text.includes(`${erased.canary}${part}`), part).toBe(true);
  for (const value of [erased.phone, erased.user_id]) expect(text).toContain(value);
  expect(text).not.toContain(other.canary);
  expect(files).toHaveLength(2); // the one that was replaced is still there

  privacy.startWorker();
  const id = await privacy.erase(admin, { customer_id: erased.id });
  await privacy.untilDone(admin, id);
  expect(await tablesWith(privacy, erased.canary)).toEqual([]);
  expect(await tablesWith(privacy, erased.phone.slice(1))).toEqual([]);
  expect(await tablesWith(privacy, other.canary)).toEqual(before);
  expect(privacy.files()).toHaveLength(2);
  for (const file of files) expect(privacy.files()).not.toContain(file);
  // Ids stay where they refer to nobody.
  expect(await tablesWith(privacy, erased.id)).toEqual([
    'erased_customers',
    'erasure_requests',
    'erasures',
    'outbox_deliveries',
    'outbox_events',
  ]);
}, 120_000);
