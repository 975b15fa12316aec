import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '@clientela/runtime';
import { testSecret, type Caller, type Company, type TestService } from '@clientela/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { folderStorage } from '../avatars/folder.ts';
import { picture } from '../avatars/sample-pictures.ts';
import { customerUnderTest } from '../customer-under-test.ts';
import { fingerprints } from '../tombstones/fingerprints.ts';
import { names, othersUnderTest, type OthersUnderTest } from './others-under-test.ts';
import { startErasing, type Erasing } from './worker.ts';

const folder = mkdtempSync(join(tmpdir(), 'clientela-erasing-'));
const pictures = folderStorage(folder);

let service: TestService;
let others: OthersUnderTest;
let company: Company;
let admin: Caller;
/** Whoever carries erasures out at the moment. */
let worker: Erasing | undefined;
const work = () => {
  const { db, url } = service.database;
  const log = createLog('test', 'silent');
  const prints = fingerprints(testSecret);
  worker = startErasing({ db, url, fingerprints: prints, pictures, others: others.clients, log });
};

beforeAll(async () => {
  others = await othersUnderTest();
  service = await customerUnderTest({ pool: 10, others: others.clients, pictures, erasing: () => worker?.wake() });
});
beforeEach(() => {
  company = service.company();
  admin = service.user('admin', company);
  others.erased.length = 0;
  others.signed.length = 0;
});
afterEach(async () => {
  await worker?.stop();
  worker = undefined;
  others.away.clear();
});
afterAll(async () => {
  await Promise.all([service.close(), others.close()]);
  rmSync(folder, { recursive: true });
});

const newCustomer = async (values: object = {}): Promise<{ id: string; number: number; email: string }> =>
  (await admin.post('/api/customers', { email: `${randomUUID()}@example.com`, ...values }).expect(201)).body.customer;
const ask = (body: object, by = admin, query = '') => by.post(`/api/gdpr/delete${query}`, body);
const erase = async (body: object, by = admin) => (await ask(body, by)).body.request;
const requestOf = async (id: string, by = admin) =>
  (await by.get(`/api/gdpr/requests/${id}`).expect(200)).body.request as {
    status: string;
    services: Record<string, string>;
  };
const statusOf = async (id: string) => (await requestOf(id)).status;
const done = (id: string) => expect.poll(() => statusOf(id), { timeout: 10_000 }).toBe('done');
const allPending = {
  auth: 'pending',
  customer: 'pending',
  interaction: 'pending',
  product: 'pending',
  favorites: 'pending',
};
const allDone = Object.fromEntries(Object.keys(allPending).map((name) => [name, 'done']));
const newUser = (last_admin = false): string => {
  const id = randomUUID();
  others.users.set(id, { last_admin });
  return id;
};

describe('an erasure', () => {
  test('is taken at once, carried out in every service, and ends in a signed receipt', async () => {
    const customer = await newCustomer({ user_id: newUser(), tags: ['one', 'two'], external_id: 'E-1' });
    await admin.post(`/api/customers/${customer.id}/notes`, { content: 'Called' }).expect(201);
    const { body, status } = await ask({ customer_id: customer.id });
    expect(status).toBe(202);
    expect(body).toEqual({
      message: expect.any(String),
      request: {
        id: expect.any(String),
        business_id: company.id,
        status: 'pending',
        customer_id: customer.id,
        user_id: expect.any(String),
        part_of: null,
        requested_by: admin.user_id,
        requested_at: expect.any(String),
        done_at: null,
        services: allPending,
      },
    });
    const { id, user_id } = body.request;
    const receiptPath = `/api/gdpr/requests/${id}/receipt`;
    expect((await admin.get(receiptPath).expect(404)).body.error_code).toBe('RECEIPT_NOT_FOUND');
    await admin.get(`/api/customers/${customer.id}`).expect(200);

    work();
    await done(id);
    expect((await requestOf(id)).services).toEqual(allDone);
    await admin.get(`/api/customers/${customer.id}`).expect(404);
    const person = { company_id: company.id, customer_id: customer.id, customer_number: customer.number, user_id };
    expect(others.erased.map((one) => one.service).toSorted()).toEqual([...names].toSorted());
    for (const one of others.erased) expect(one).toMatchObject({ request_id: id, person });

    const { receipt, jws } = (await admin.get(receiptPath).expect(200)).body;
    expect(others.signed).toEqual([receipt]);
    expect(jws).toMatch(/^header\..*\.signature$/);
    expect(receipt).toMatchObject({ request_id: id, company_id: company.id, customer_id: customer.id, user_id });
    const own = receipt.services.find((one: { service: string }) => one.service === 'customer');
    const rows = Object.fromEntries(own.erased.map((one: { table: string; rows: number }) => [one.table, one.rows]));
    expect(rows).toMatchObject({
      customers: 1,
      customer_counters: 1,
      customer_tags: 2,
      customer_notes: 1,
      customer_history: 2,
    });
    const kept = Object.fromEntries(own.kept.map((one: { table: string; rows: number }) => [one.table, one.rows]));
    expect(kept).toEqual({ erased_customers: 1, erased_users: 1, erasure_requests: 1, erased_fingerprints: 2 });
    const said = (await service.events('customer.erased')).filter(({ company_id }) => company_id === company.id);
    expect(said).toEqual([expect.objectContaining({ data: { customer_id: customer.id, number: customer.number } })]);
  });
});
