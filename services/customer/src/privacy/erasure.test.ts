import { randomUUID } from 'node:crypto';
import { renameSync } from 'node:fs';
import { runInterrupted, testSecret, type TestUser, type Company } from '@clientela/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createDiskStorage } from '../avatars/disk-storage.ts';
import { sampleImage } from '../avatars/testing/sample-images.ts';
import { newAvatarName } from '../avatars/storage.ts';
import { insertPendingDeletion } from '../avatars/store.ts';
import { createFingerprinter } from '../tombstones/fingerprints.ts';
import { eraseLocally } from './local-erasure.ts';
import { listDueSteps, type Step } from './store.ts';
import { createTestPrivacy, type TestPrivacy } from './testing/test-privacy.ts';
import { erasureMetrics } from './metrics.ts';
import { peerNames } from './testing/stub-peers.ts';

const soon = { timeout: 30_000 };

let it: TestPrivacy;
let company: Company;
let admin: TestUser;

beforeAll(async () => {
  it = await createTestPrivacy();
});
beforeEach(() => {
  company = it.service.company();
  admin = it.service.user('admin', company);
  it.peers.erased.length = 0;
  it.peers.signed.length = 0;
});
afterEach(async () => {
  await it.stopWorker();
  it.peers.failures.clear();
});
afterAll(() => it.close());

const rows = (table: string) => it.service.database.owner(table).where({ company_id: company.id });
const ask = (body: object, query = '') => admin.post(`/api/gdpr/delete${query}`, body);
const receiptOf = async (id: string) => (await admin.get(`/api/gdpr/requests/${id}/receipt`).expect(200)).body;
type Lines = { table: string; rows: number }[];
const counted = (lines: Lines) => Object.fromEntries(lines.map((line) => [line.table, line.rows]));
const ownPart = async (id: string): Promise<{ erased: Lines; kept: Lines }> =>
  (await receiptOf(id)).receipt.services.find((one: { service: string }) => one.service === 'customer');
const pending = {
  auth: 'pending',
  customer: 'pending',
  interaction: 'pending',
  product: 'pending',
  favorites: 'pending',
};
const allDone = Object.fromEntries(Object.keys(pending).map((name) => [name, 'done']));

describe('an erasure', () => {
  test('is taken at once, carried out in every service, and ends in a signed receipt', async () => {
    const customer = await it.newCustomer(admin, { user_id: it.newUser(), tags: ['one', 'two'], external_id: 'E-1' });
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
        services: pending,
      },
    });
    const { id, user_id } = body.request;
    const tooEarly = await admin.get(`/api/gdpr/requests/${id}/receipt`).expect(404);
    expect(tooEarly.body.error_code).toBe('RECEIPT_NOT_FOUND');

    it.startWorker();
    await it.untilDone(admin, id);
    expect((await it.requestOf(admin, id)).services).toEqual(allDone);
    await admin.get(`/api/customers/${customer.id}`).expect(404);
    const person = { company_id: company.id, customer_id: customer.id, customer_number: customer.number, user_id };
    expect(it.peers.erased.map((one) => one.service).toSorted()).toEqual([...peerNames].toSorted());
    for (const one of it.peers.erased) expect(one).toMatchObject({ request_id: id, person });

    const { receipt, jws } = await receiptOf(id);
    expect(it.peers.signed).toEqual([receipt]);
    expect(jws).toMatch(/^header\..*\.signature$/);
    expect(receipt).toMatchObject({ request_id: id, company_id: company.id, customer_id: customer.id, user_id });
    expect(receipt.services).toHaveLength(5);
    const own = await ownPart(id);
    expect(counted(own.erased)).toEqual({
      customers: 1,
      customer_counters: 1,
      customer_tags: 2,
      customer_notes: 1,
      customer_history: 2,
      user_field_versions: 0,
    });
    expect(counted(own.kept)).toEqual({
      erased_customers: 1,
      erased_users: 1,
      erasure_requests: 1,
      erased_fingerprints: 2,
    });
    const said = (await it.service.events('customer.erased')).filter(({ company_id }) => company_id === company.id);
    expect(said.map(({ data }) => data)).toEqual([{ customer_id: customer.id, number: customer.number }]);
  });

  test('interrupted at every transaction, has its tombstones from the first and exact counts at the end', async () => {
    const customer = await it.newCustomer(admin, { user_id: it.newUser(), tags: ['one', 'two'], external_id: 'E-1' });
    await admin.post(`/api/customers/${customer.id}/notes`, { content: 'Called' }).expect(201);
    await it.erase(admin, { customer_id: customer.id });
    const { db } = it.service.database;
    const step = (await listDueSteps(db, 'customer', 20)).find(({ customer_id }) => customer_id === customer.id);
    const fingerprints = createFingerprinter(testSecret);
    const avatarStorage = createDiskStorage(it.folder);
    const states: string[] = [];
    const { result, interruptions } = await runInterrupted(db, async (transaction) => {
      const found = [await rows('customers'), await rows('erased_customers'), await rows('erased_users')];
      states.push(found.map(({ length }) => length).join(' '));
      const deps = {
        db: new Proxy(db, { get: (...args) => (args[1] === 'transaction' ? transaction : Reflect.get(...args)) }),
      };
      return eraseLocally({ ...deps, fingerprints, avatarStorage }, step as Step, new AbortController().signal);
    });
    expect(interruptions).toBeGreaterThan(10);
    expect([...new Set(states)]).toEqual(['1 0 0', '0 1 1']);
    expect(counted(result?.erased ?? [])).toEqual({
      customers: 1,
      customer_counters: 1,
      customer_tags: 2,
      customer_notes: 1,
      customer_history: 2,
      user_field_versions: 0,
    });
    expect(counted(result?.kept ?? [])).toEqual({
      erased_customers: 1,
      erased_users: 1,
      erasure_requests: 1,
      erased_fingerprints: 2,
    });
    const events = (await it.service.events('customer.erased')).filter(({ company_id }) => company_id === company.id);
    expect(events).toHaveLength(1);
  });

  test('is one, however often and from wherever it is asked for', async () => {
    const user_id = it.newUser();
    const customer = await it.newCustomer(admin, { user_id });
    const bodies = [{ customer_id: customer.id }, { user_id, business_id: company.id }];
    const at_once = await Promise.all(Array.from({ length: 8 }, (_, index) => ask(bodies[index % 2] ?? {})));
    expect(new Set(at_once.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(at_once.map(({ body }) => body.request.id)).size).toBe(1);
    expect(await rows('erasure_requests')).toHaveLength(1);
    const [{ id }] = at_once.map(({ body }) => body.request);
    it.startWorker();
    await it.untilDone(admin, id);
    for (const body of bodies) {
      const again = await ask(body).expect(200);
      expect(again.body.request).toMatchObject({ id, status: 'done', services: allDone });
    }
    expect(await rows('erasure_requests')).toHaveLength(1);
  });

  test('is one with an Idempotency-Key too, and another person’s with that key is refused', async () => {
    const [one, other] = [await it.newCustomer(admin), await it.newCustomer(admin)];
    const keyed = (customer: { id: string }) =>
      ask({ customer_id: customer.id }).set('Idempotency-Key', `key-${company.id}`);
    const { id } = (await keyed(one).expect(202)).body.request;
    const again = await keyed(one).expect(202);
    expect([again.body.request.id, again.headers['idempotency-replayed']]).toEqual([id, 'true']);
    await keyed(other).expect(422);
    expect(await rows('erasure_requests')).toHaveLength(1);
    it.startWorker();
    await it.untilDone(admin, id);
    expect((await keyed(one).expect(200)).body.request).toMatchObject({ id, status: 'done' });
  });

  test('is answered when it is done, for who waits', async () => {
    it.startWorker();
    const customer = await it.newCustomer(admin);
    const { body } = await ask({ customer_id: customer.id }, '?wait=true').expect(200);
    expect(body.request).toMatchObject({ status: 'done', services: allDone });
    const { receipt, jws } = await receiptOf(body.request.id);
    expect(body).toMatchObject({ receipt, jws });
  });

  test('of a user who is no customer, and of a customer who is no user', async () => {
    it.startWorker();
    const user_id = it.newUser();
    const ofUser = await ask({ user_id, business_id: company.id }, '?wait=true').expect(200);
    expect(ofUser.body.request).toMatchObject({ status: 'done', customer_id: null, user_id });
    expect(await it.service.events('customer.erased')).not.toContainEqual(
      expect.objectContaining({ company_id: company.id }),
    );
    const customer = await it.newCustomer(admin);
    const ofCustomer = await ask({ customer_id: customer.id }, '?wait=true').expect(200);
    expect(ofCustomer.body.request).toMatchObject({ status: 'done', customer_id: customer.id, user_id: null });
    const again = await ask({ user_id, business_id: company.id }).expect(200);
    expect(again.body.request.id).toBe(ofUser.body.request.id);
  });

  test('takes every record of the same user, deleted ones too, and is done when they are', async () => {
    const user_id = it.newUser();
    const before = await it.newCustomer(admin, { user_id });
    await admin.delete(`/api/customers/${before.id}`).expect(200);
    const now = await it.newCustomer(admin, { user_id });
    const elsewhere = it.service.company();
    const stranger = it.service.user('admin', elsewhere);
    const kept = await it.newCustomer(stranger, { user_id });
    it.startWorker();
    const { body } = await ask({ user_id, business_id: company.id }, '?wait=true').expect(200);
    expect(await rows('customers')).toEqual([]);
    const requests = (await admin.get('/api/gdpr/requests').expect(200)).body.requests;
    expect(requests).toEqual([
      expect.objectContaining({ customer_id: before.id, user_id: null, part_of: body.request.id, status: 'done' }),
      expect.objectContaining({ customer_id: now.id, user_id, part_of: null, status: 'done' }),
    ]);
    await stranger.get(`/api/customers/${kept.id}`).expect(200);
    expect((await stranger.get('/api/gdpr/requests').expect(200)).body).toMatchObject({ requests: [], total: 0 });
  });

  test('tells what the person wrote about others, which stays', async () => {
    const user_id = it.newUser();
    const colleague = it.service.user('manager', company, user_id);
    const about = await it.newCustomer(colleague, { tags: ['one'] });
    await colleague.post(`/api/customers/${about.id}/notes`, { content: 'Called' }).expect(201);
    it.startWorker();
    const { body } = await ask({ user_id, business_id: company.id }, '?wait=true').expect(200);
    expect(counted((await ownPart(body.request.id)).kept)).toMatchObject({
      customer_tags: 1,
      customer_notes: 1,
      customer_history: 2,
    });
    expect(await rows('customer_notes')).toEqual([expect.objectContaining({ created_by: user_id })]);
  });
});

describe('while something is away', () => {
  test.each(peerNames)('%s: the erasure waits for it alone, and is done when it is back', async (name) => {
    const customer = await it.newCustomer(admin);
    it.peers.failures.set(name, 'hangs up');
    it.startWorker();
    const id = await it.erase(admin, { customer_id: customer.id });
    await expect
      .poll(() => it.requestOf(admin, id), soon)
      .toMatchObject({ status: 'running', services: { ...allDone, [name]: 'pending' } });
    it.peers.failures.set(name, 503);
    await admin.get(`/api/customers/${customer.id}`).expect(404);
    await admin.get(`/api/gdpr/requests/${id}/receipt`).expect(404);
    it.peers.failures.delete(name);
    await it.untilDone(admin, id);
    const asked = it.peers.erased.filter((one) => one.request_id === id).map((one) => one.service);
    expect(asked.toSorted()).toEqual([...peerNames].toSorted()); // who has reported is not asked again
  });

  test('what answers nonsense is asked again, and delays nobody else', async () => {
    const [one, other] = [await it.newCustomer(admin), await it.newCustomer(admin)];
    it.peers.servers.product.calls.length = 0;
    it.peers.failures.set('product', 500);
    it.startWorker();
    const id = await it.erase(admin, { customer_id: one.id });
    await expect.poll(() => it.peers.servers.product.calls.length, soon).toBeGreaterThan(2);
    const next = await it.erase(admin, { customer_id: other.id });
    await expect.poll(async () => (await it.requestOf(admin, next)).services['favorites'], soon).toBe('done');
    it.peers.failures.delete('product');
    await it.untilDone(admin, id);
    await it.untilDone(admin, next);
  });

  test('the storage of pictures: the erasure is done when the picture is out of it', async () => {
    const customer = await it.newCustomer(admin);
    await admin
      .post(`/api/customers/${customer.id}/avatar`)
      .attach('file', await sampleImage('png'), 'me.png')
      .expect(200);
    const away = `${it.folder}-away`;
    renameSync(it.folder, away);
    it.startWorker();
    const id = await it.erase(admin, { customer_id: customer.id });
    await expect
      .poll(() => it.requestOf(admin, id), soon)
      .toMatchObject({ status: 'running', services: { ...allDone, customer: 'pending' } });
    renameSync(away, it.folder);
    expect(it.files()).toHaveLength(1);
    await it.service.database.owner('avatar_deletions').update({ due_at: new Date(0) }); // tried again in 15 s else
    await it.untilDone(admin, id);
    expect(it.files()).toEqual([]);
    expect(counted((await ownPart(id)).erased)).toMatchObject({ customers: 1, customer_history: 2 });
  });

  test('an upload that is under way: the erasure is done when what it stored is gone', async () => {
    const customer = await it.newCustomer(admin);
    const name = newAvatarName();
    await createDiskStorage(it.folder).put(name, await sampleImage('png'), 'image/webp');
    expect(await insertPendingDeletion(it.service.database.db, company.id, customer.id, name)).toBe(true);
    it.startWorker();
    const id = await it.erase(admin, { customer_id: customer.id });
    await expect
      .poll(() => it.requestOf(admin, id), soon)
      .toMatchObject({ status: 'running', services: { ...allDone, customer: 'pending' } });
    expect(it.files()).toEqual([name]);
    expect(await insertPendingDeletion(it.service.database.db, company.id, customer.id, newAvatarName())).toBe(false);
    await it.service.database.owner('avatar_deletions').update({ due_at: new Date(0) }); // ten minutes later
    await it.untilDone(admin, id);
    expect(it.files()).toEqual([]);
  });

  test('whoever carries it out is killed at each step: another process goes on', { timeout: 90_000 }, async () => {
    const customer = await it.newCustomer(admin);
    await admin
      .post(`/api/customers/${customer.id}/avatar`)
      .attach('file', await sampleImage('png'), 'me.png')
      .expect(200);
    const id = await it.erase(admin, { customer_id: customer.id });
    const hanging = { ...createDiskStorage(it.folder), remove: () => Promise.reject(new Error('killed')) };
    for (const name of peerNames) it.peers.failures.set(name, 'hangs up');
    it.startWorker(hanging);
    await expect.poll(async () => (await it.requestOf(admin, id)).status, soon).toBe('running');
    for (const name of peerNames) {
      await it.stopWorker();
      it.peers.failures.delete(name);
      it.startWorker(hanging);
      await expect.poll(async () => (await it.requestOf(admin, id)).services[name], soon).toBe('done');
    }
    await it.stopWorker();
    await it.service.database.owner('avatar_deletions').update({ due_at: new Date(0) });
    it.peers.failures.set('auth', 'hangs up');
    it.startWorker();
    await expect.poll(async () => (await it.requestOf(admin, id)).services, soon).toEqual(allDone);
    await it.stopWorker();
    expect(it.peers.signed).toEqual([]);
    it.peers.failures.clear();
    it.startWorker();
    await it.untilDone(admin, id);
    expect(it.files()).toEqual([]);
    expect(counted((await ownPart(id)).erased)).toMatchObject({ customers: 1, customer_counters: 1 });
    const said = (await it.service.events('customer.erased')).filter(({ company_id }) => company_id === company.id);
    expect(said).toHaveLength(1);
  });

  test('the database cuts every connection in the middle: it goes on', { timeout: 90_000 }, async () => {
    const customers = await Promise.all(Array.from({ length: 6 }, () => it.newCustomer(admin)));
    it.startWorker();
    const ids: string[] = [];
    for (const customer of customers) ids.push(await it.erase(admin, { customer_id: customer.id }));
    await it.service.database.cut();
    for (const id of ids) {
      await expect
        .poll(async () => (await admin.get(`/api/gdpr/requests/${id}`)).body.request?.status, soon)
        .toBe('done');
    }
  });
});

test('figures tell how many are open, and how old the oldest is', async () => {
  const figures = async () => {
    const text = await erasureMetrics(it.service.database.db).metrics();
    return [...text.matchAll(/^clientela_erasures_\w+ (.*)$/gm)].map(([, figure]) => Number(figure));
  };
  expect(await figures()).toEqual([0, 0]);
  const id = await it.erase(admin, { customer_id: (await it.newCustomer(admin)).id });
  await it.service.database
    .owner('erasure_requests')
    .where({ id })
    .update({ requested_at: new Date(Date.now() - 60_000) });
  const [open, oldest] = await figures();
  expect(open).toBe(1);
  expect(oldest).toBeGreaterThanOrEqual(60);
  it.startWorker();
  await it.untilDone(admin, id);
  expect(await figures()).toEqual([0, 0]);
});

test('what is written about a customer while it is erased leaves nothing', async () => {
  it.startWorker();
  for (let round = 0; round < 5; round += 1) {
    const customer = await it.newCustomer(admin);
    const at = `/api/customers/${customer.id}`;
    const writers = [
      () => admin.patch(at, { firstname: randomUUID() }),
      () => admin.post(`${at}/notes`, { content: 'Called' }),
      () => admin.post(`${at}/tags`, { label: randomUUID() }),
      () => admin.patch(`${at}/status`, { status: 'inactive', reason: 'Asked' }),
      () => admin.delete(at),
      () => admin.patch(`${at}/activate`),
    ];
    const written = Promise.all(writers.flatMap((write) => [write(), write()]));
    const { body } = await ask({ customer_id: customer.id }, '?wait=true').expect(200);
    for (const { status } of await written) expect([200, 201, 404, 409, 503]).toContain(status);
    await it.untilDone(admin, body.request.id);
    for (const table of ['customers', 'customer_notes', 'customer_tags', 'customer_history', 'customer_counters'])
      expect(await rows(table), table).toEqual([]);
  }
});
