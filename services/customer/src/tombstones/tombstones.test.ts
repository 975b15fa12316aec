import { randomUUID } from 'node:crypto';
import { userRegistered, userUpdated, type EventContract } from '@clientela/contracts';
import { newId } from '@clientela/db';
import { testSecret, type TestUser, type Company } from '@clientela/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestPrivacy, type TestPrivacy } from '../privacy/testing/test-privacy.ts';
import { countSuppressed, findSuppressed } from './suppression-list.ts';
import { createFingerprinter } from './fingerprints.ts';
import { deleteExpiredFingerprints, insertFingerprints } from './store.ts';

// Neither late events nor imports restore erased people.

let privacy: TestPrivacy;
let company: Company;
let admin: TestUser;
const fingerprintsOf = createFingerprinter(testSecret);
beforeAll(async () => {
  privacy = await createTestPrivacy({
    users: () => async (id) => ({ user: userOf(id), company }),
  });
  privacy.startWorker();
});
beforeEach(() => {
  company = privacy.service.company({ country: 'ES' });
  admin = privacy.service.user('admin', company);
});
afterEach(() => privacy.peers.users.clear());
afterAll(() => privacy.close());

/** A user of role customer, as auth returns it. */
const userOf = (id: string) => ({
  id,
  active: true,
  role: 'customer' as const,
  business_id: company.id,
  name: 'Ana Ruiz',
  first_name: 'Ana',
  last_name: 'Ruiz',
  email: `${id}@example.com`,
  phone: null,
});
const erased = async (values: object) => {
  const customer = await privacy.newCustomer(admin, values);
  await privacy.untilDone(admin, await privacy.erase(admin, { customer_id: customer.id }));
  return customer;
};
const customers = () => privacy.service.database.owner('customers').where({ company_id: company.id });
const batch = async (operations: object[], { by = admin, query = '' } = {}) =>
  (await by.post(`/api/customers/batch${query}`, { operations }).expect(200)).body.results as {
    status: number;
    customer?: { id: string };
    error?: { error_code: string; errors: { path: string }[] };
  }[];
const create = (data: object) => ({ op: 'create', data });
const upsert = (match_on: string, data: object) => ({ op: 'upsert', match_on, data });

describe('a batch', () => {
  const values = {
    email: 'Ana.Ruiz@Example.com',
    phone: '600 111 222',
    document_type: 'passport',
    document_number: 'AB-12.34',
    external_id: 'E-77',
  };

  test('rejects erased values in any spelling, and names the fields', async () => {
    await erased(values);
    const document = { document_type: 'cedula', document_number: 'ab1234'.toUpperCase() };
    const results = await batch([
      create({ email: 'ana.ruiz@example.COM', firstname: 'Ana' }),
      create({ phone: '+34600111222' }),
      create({ firstname: 'Ana', ...document }),
      upsert('external_id', { external_id: 'E-77', firstname: 'Ana', phone: '+34 600 111 222' }),
      create({ firstname: 'Ana', external_id: 'e-77' }),
      create({ email: 'other@example.com' }),
    ]);
    expect(results.map(({ status }) => status)).toEqual([409, 409, 409, 409, 201, 201]);
    const named = results.map(({ error }) => [error?.error_code, error?.errors.map(({ path }) => path).join(' ')]);
    expect(named.slice(0, 4)).toEqual([
      ['CUSTOMER_ERASED', 'email'],
      ['CUSTOMER_ERASED', 'phone'],
      ['CUSTOMER_ERASED', 'document_number'],
      ['CUSTOMER_ERASED', 'phone external_id'],
    ]);
    expect(await customers()).toHaveLength(2);
    expect(await privacy.service.database.owner('customer_history').where({ company_id: company.id })).toHaveLength(2);
    const created = (await privacy.service.events('customer.created')).filter(
      ({ company_id }) => company_id === company.id,
    );
    expect(created).toHaveLength(3); // including the erased customer's
  });

  test('rejects an erased document without its check digit, and an e-mail in the other spelling of its domain', async () => {
    await erased({ email: 'ana@bücher.example', document_type: 'nit', document_number: '860.002.964-4' });
    const results = await batch([
      create({ firstname: 'Ana', document_type: 'nit', document_number: '860002964' }),
      create({ email: 'ANA@xn--bcher-kva.example' }),
    ]);
    expect(results.map(({ error }) => error?.errors.map(({ path }) => path))).toEqual([['document_number'], ['email']]);
  });

  test('of another company may contain the same values', async () => {
    await erased(values);
    const elsewhere = privacy.service.user('admin', privacy.service.company());
    expect((await batch([create(values)], { by: elsewhere })).map(({ status }) => status)).toEqual([201]);
  });

  test('updates a customer who has such a value now', async () => {
    await erased(values);
    const { id } = await privacy.newCustomer(admin, { email: values.email });
    const [result] = await batch([upsert('email', { email: values.email, firstname: 'Eva' })]);
    expect([result?.status, result?.customer?.id]).toEqual([200, id]);
  });

  test('creates an erased person again when an admin allows it, and records that in the history', async () => {
    await erased(values);
    const query = '?allow_erased=true';
    const manager = privacy.service.user('manager', company);
    await manager.post(`/api/customers/batch${query}`, { operations: [create(values)] }).expect(403);
    const [result] = await batch([create({ email: values.email })], { query });
    expect(result?.status).toBe(201);
    const { body } = await admin.get(`/api/customers/${result?.customer?.id}/history`).expect(200);
    expect(body.history[0]).toMatchObject({ actor_id: admin.user_id, reason: expect.stringContaining('email') });
    expect(JSON.stringify(body)).not.toContain('Ruiz');
    const [plain] = await batch([create({ email: 'new@example.com' })], { query });
    const other = await admin.get(`/api/customers/${plain?.customer?.id}/history`).expect(200);
    expect(other.body.history).toHaveLength(1);
  });

  test('sent during the erasure creates nobody again', async () => {
    for (let round = 0; round < 2; round += 1) {
      const email = `${randomUUID()}@example.com`;
      const { id } = await privacy.newCustomer(admin, { email });
      let over = false;
      const erasing = privacy
        .erase(admin, { customer_id: id })
        .then((request) => privacy.untilDone(admin, request))
        .then(() => {
          over = true;
        });
      const sending = async () => {
        do {
          const [result] = await batch([create({ email })]);
          expect([409, 503]).toContain(result?.status);
        } while (!over);
      };
      await Promise.all([erasing, sending(), sending(), sending()]);
      expect(await customers()).toEqual([]);
    }
  });
});

test('a single creation may use the values of an erased person again', async () => {
  const values = { email: 'ana@example.com', phone: '+34600111333' };
  await erased(values);
  await privacy.newCustomer(admin, { email: values.email });
  await admin.post('/rest/v1/customers', { phone: '34600111333' }).expect(201);
});

test('checks many rows at once; a fingerprint expires after three years', async () => {
  const { db, owner } = privacy.service.database;
  await erased({ email: 'one@example.com' });
  const rows = Array.from({ length: 2500 }, (_, n) => ({ email: n % 1000 === 7 ? 'ONE@example.com' : `${n}@x.org` }));
  const found = await findSuppressed(db, fingerprintsOf, company.id, rows);
  expect(found.flatMap((fields, n) => (fields.length > 0 ? [n] : []))).toEqual([7, 1007, 2007]);
  expect(await countSuppressed(db, fingerprintsOf, company.id, rows)).toBe(3);
  expect(await countSuppressed(db, createFingerprinter(testSecret.replace('x', 'y')), company.id, rows)).toBe(0);
  const kept = owner('erased_fingerprints').where({ company_id: company.id });
  const [{ years }] = await kept
    .clone()
    .select(owner.raw(`extract(year from expires_at) - extract(year from now()) as years`));
  expect(Number(years)).toBe(3);
  await kept.clone().update({ expires_at: new Date(0) });
  expect(await countSuppressed(db, fingerprintsOf, company.id, rows)).toBe(0);
  expect(await deleteExpiredFingerprints(db, 1000)).toBeGreaterThan(0);
  expect(await kept.clone()).toEqual([]);
});

describe('for an erased user', () => {
  const deliver = (contract: EventContract, user_id: string, data: object) =>
    privacy.service.callingService('auth').post('/internal/events', {
      id: newId(),
      name: contract.name,
      occurred_at: new Date().toISOString(),
      company_id: company.id,
      actor_id: user_id,
      request_id: 'request-late',
      sequence: 99,
      data: { user_id, ...data },
    });

  test('neither late events, nor auth, nor the user create a profile', async () => {
    const user_id = privacy.newUser();
    const customer = await privacy.newCustomer(admin, { user_id });
    await privacy.untilDone(admin, await privacy.erase(admin, { customer_id: customer.id }));
    const { status: registered } = await deliver(userRegistered, user_id, { role: 'customer' });
    const { status: updated } = await deliver(userUpdated, user_id, { fields_changed: ['name', 'role', 'email'] });
    expect([registered, updated]).toEqual([200, 200]);
    const profile = { user_id, business_id: company.id, email: `${user_id}@example.com`, full_name: 'Ana Ruiz' };
    await privacy.service.callingService('auth').post('/api/customers/internal/create', profile).expect(404);
    const own = privacy.service.user('customer', company, user_id);
    for (const path of ['/api/customers/me', '/api/customers/me/statistics']) await own.get(path).expect(404);
    await own.patch('/api/customers/me', { firstname: 'Ana' }).expect(404);
    expect(await customers()).toEqual([]);
    expect(await privacy.service.database.owner('user_field_versions').where({ user_id })).toEqual([]);
  });

  test('a profile created while the erasure starts is erased with it', async () => {
    for (let round = 0; round < 2; round += 1) {
      const user_id = privacy.newUser();
      const own = privacy.service.user('customer', company, user_id);
      const asking = privacy.erase(admin, { user_id, business_id: company.id });
      await Promise.all(Array.from({ length: 4 }, () => own.get('/api/customers/me')));
      await privacy.untilDone(admin, await asking);
      expect(await customers().where({ user_id })).toEqual([]);
      await own.get('/api/customers/me').expect(404);
    }
  });
});

test('an erasure before compared forms still suppresses its document, whose check digit was part of it', async () => {
  const db = privacy.service.database.db;
  const before = fingerprintsOf(company.id, { document_number: '8600029644' });
  await db.transaction((tx) =>
    insertFingerprints(
      tx,
      company.id,
      before.map(({ fingerprint }) => fingerprint),
    ),
  );
  const rows = [
    { document_type: 'nit', document_number: '8600029644' },
    { document_type: 'nit', document_number: '8600029651' },
  ];
  expect(await findSuppressed(db, fingerprintsOf, company.id, rows)).toEqual([['document_number'], []]);
});
