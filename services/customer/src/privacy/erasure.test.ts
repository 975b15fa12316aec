import { randomUUID } from 'node:crypto';
import { renameSync } from 'node:fs';
import { runInterrupted, testSecret, type Company } from '@clientela/testing';
import { describe, expect } from 'vitest';
import { createDiskStorage } from '../avatars/disk-storage.ts';
import { sampleImage } from '../avatars/testing/sample-images.ts';
import { createFingerprinter } from '../tombstones/fingerprints.ts';
import { eraseLocally } from './local-erasure.ts';
import { listDueSteps, type Step } from './store.ts';
import { eraseDuringWrites } from './testing/erase-during-writes.ts';
import { allDone, counted, erasedEvents, erasureTest as test } from './testing/erasure-test.ts';
import { polling, type TestPrivacy } from './testing/test-privacy.ts';
import { exportErasures, replayErasures } from './erasure-list.ts';
import { erasureMetrics } from './metrics.ts';
import { peerNames } from './testing/stub-peers.ts';
import { testUnavailablePeers } from './testing/unavailable-peers.ts';

const pending = Object.fromEntries(Object.keys(allDone).map((name) => [name, 'pending']));

describe('the events of an erased customer', () => {
  type Event = { name: string; data: { user_id?: string } };
  const about = (privacy: TestPrivacy, customer_id: string) =>
    privacy.service.database
      .owner('outbox_events')
      .whereRaw(`envelope -> 'data' ->> 'customer_id' = ?`, [customer_id])
      .orderBy('id');
  const eventsAbout = async (privacy: TestPrivacy, customer_id: string) =>
    (await about(privacy, customer_id).pluck('envelope')) as Event[];

  test('lose user_id while they wait or have failed, here and in dead letters; customer.erased, the last, carries it', async ({
    privacy,
    admin,
  }) => {
    const user_id = privacy.newUser();
    const customer = await privacy.newCustomer(admin, { user_id });
    const other = await privacy.newCustomer(admin, { user_id: privacy.newUser() });
    for (const { id } of [customer, other]) {
      await admin.patch(`/api/customers/${id}`, { city_id: 1 }).expect(200);
      await admin.post(`/api/customers/${id}/notes`, { content: 'Called' }).expect(201);
    }
    const { owner } = privacy.service.database;
    const [created, updated] = await about(privacy, customer.id);
    await owner('outbox_deliveries').where({ event_id: created.id }).update({ failed_at: owner.fn.now() });
    const dead = { event_id: randomUUID(), envelope: updated.envelope, attempts: 7, reason: 'tested' };
    await owner('dead_letters').insert(dead);

    privacy.startWorker();
    await privacy.untilDone(admin, await privacy.erase(admin, { customer_id: customer.id }));
    const events = await eventsAbout(privacy, customer.id);
    expect(events.map(({ name, data }) => [name, data.user_id])).toEqual([
      ['customer.created', undefined],
      ['customer.updated', undefined],
      ['customer.note.added', undefined],
      ['customer.erased', user_id],
    ]);
    const [deadLetter] = await owner('dead_letters').where({ event_id: dead.event_id }).pluck('envelope');
    expect(deadLetter).toMatchObject({ name: 'customer.updated', data: { customer_id: customer.id } });
    expect(deadLetter.data).not.toHaveProperty('user_id');
    for (const { data } of await eventsAbout(privacy, other.id)) expect(data.user_id).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('lose it also when the user stays, as staff', async ({ privacy, admin }) => {
    const user_id = privacy.newUser('manager');
    const customer = await privacy.newCustomer(admin, { user_id });
    privacy.startWorker();
    await privacy.untilDone(admin, await privacy.erase(admin, { customer_id: customer.id }));
    expect((await eventsAbout(privacy, customer.id)).map(({ name, data }) => [name, data.user_id])).toEqual([
      ['customer.created', undefined],
      ['customer.erased', user_id],
    ]);
  });
});

describe('an erasure', () => {
  test('is accepted at once, carried out in every service, and ends in a signed receipt', async ({
    privacy,
    company,
    admin,
    requestErasure,
    receiptOf,
    ownPart,
  }) => {
    const customer = await privacy.newCustomer(admin, {
      user_id: privacy.newUser(),
      tags: ['one', 'two'],
      external_id: 'E-1',
    });
    await admin.post(`/api/customers/${customer.id}/notes`, { content: 'Called' }).expect(201);
    const { body, status } = await requestErasure({ customer_id: customer.id });
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
        version: 1,
      },
    });
    const { id, user_id } = body.request;
    const early = await admin.get(`/api/gdpr/requests/${id}/receipt`).expect(404);
    expect(early.body.error_code).toBe('RECEIPT_NOT_FOUND');

    privacy.startWorker();
    await privacy.untilDone(admin, id);
    expect((await privacy.requestOf(admin, id)).services).toEqual(allDone);
    await admin.get(`/api/customers/${customer.id}`).expect(404);
    const person = { company_id: company.id, customer_id: customer.id, customer_number: customer.number, user_id };
    expect(privacy.peers.erased.map(({ service }) => service).toSorted()).toEqual([...peerNames].toSorted());
    for (const request of privacy.peers.erased) expect(request).toMatchObject({ request_id: id, person });

    const { receipt, jws } = await receiptOf(id);
    expect(privacy.peers.signed).toEqual([receipt]);
    expect([receipt.business_id, receipt.company_id]).toEqual([company.id, company.id]);
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
      customer_import_drafts: 0,
      user_field_versions: 0,
    });
    expect(counted(own.kept)).toEqual({
      erased_customers: 1,
      erased_users: 1,
      erasure_requests: 1,
      erased_fingerprints: 2,
    });
    const events = await erasedEvents(privacy, company);
    expect(events.map(({ data }) => data)).toEqual([{ customer_id: customer.id, number: customer.number, user_id }]);
  });

  test('interrupted at every transaction, has its tombstones from the first and exact counts at the end', async ({
    privacy,
    company,
    admin,
    rows,
  }) => {
    const customer = await privacy.newCustomer(admin, {
      user_id: privacy.newUser(),
      tags: ['one', 'two'],
      external_id: 'E-1',
    });
    await admin.post(`/api/customers/${customer.id}/notes`, { content: 'Called' }).expect(201);
    await privacy.erase(admin, { customer_id: customer.id });
    const { db } = privacy.service.database;
    const step = (await listDueSteps(db, 'customer', 20)).find(({ customer_id }) => customer_id === customer.id);
    const fingerprints = createFingerprinter(testSecret);
    const avatarStorage = createDiskStorage(privacy.folder);
    const { importStorage } = privacy;
    const states: string[] = [];
    const { result, interruptions } = await runInterrupted(db, async (transaction) => {
      const found = [await rows('customers'), await rows('erased_customers'), await rows('erased_users')];
      states.push(found.map(({ length }) => length).join(' '));
      const deps = {
        db: new Proxy(db, { get: (...args) => (args[1] === 'transaction' ? transaction : Reflect.get(...args)) }),
      };
      return eraseLocally(
        { ...deps, fingerprints, avatarStorage, importStorage },
        step as Step,
        new AbortController().signal,
      );
    });
    expect(interruptions).toBeGreaterThan(10);
    expect([...new Set(states)]).toEqual(['1 0 0', '0 1 1']);
    expect(counted(result?.erased ?? [])).toEqual({
      customers: 1,
      customer_counters: 1,
      customer_tags: 2,
      customer_notes: 1,
      customer_history: 2,
      customer_import_drafts: 0,
      user_field_versions: 0,
    });
    expect(counted(result?.kept ?? [])).toEqual({
      erased_customers: 1,
      erased_users: 1,
      erasure_requests: 1,
      erased_fingerprints: 2,
    });
    const events = await erasedEvents(privacy, company);
    expect(events).toHaveLength(1);
  });

  test('is one request, however often and by which ids it is requested', async ({
    privacy,
    company,
    admin,
    rows,
    requestErasure,
  }) => {
    const user_id = privacy.newUser();
    const customer = await privacy.newCustomer(admin, { user_id });
    const bodies = [{ customer_id: customer.id }, { user_id, business_id: company.id }];
    const responses = await Promise.all(
      Array.from({ length: 8 }, (_, index) => requestErasure(bodies[index % 2] ?? {})),
    );
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(responses.map(({ body }) => body.request.id)).size).toBe(1);
    expect(await rows('erasure_requests')).toHaveLength(1);
    const [{ id }] = responses.map(({ body }) => body.request);
    privacy.startWorker();
    await privacy.untilDone(admin, id);
    for (const body of bodies) {
      const again = await requestErasure(body).expect(200);
      expect(again.body.request).toMatchObject({ id, status: 'done', services: allDone });
    }
    expect(await rows('erasure_requests')).toHaveLength(1);
  });

  test('is one request with an Idempotency-Key too; the key with another person is rejected', async ({
    privacy,
    company,
    admin,
    rows,
    requestErasure,
  }) => {
    const [first, second] = [await privacy.newCustomer(admin), await privacy.newCustomer(admin)];
    const keyed = (customer: { id: string }) =>
      requestErasure({ customer_id: customer.id }).set('Idempotency-Key', `key-${company.id}`);
    const { id } = (await keyed(first).expect(202)).body.request;
    const again = await keyed(first).expect(202);
    expect([again.body.request.id, again.headers['idempotency-replayed']]).toEqual([id, 'true']);
    await keyed(second).expect(422);
    expect(await rows('erasure_requests')).toHaveLength(1);
    privacy.startWorker();
    await privacy.untilDone(admin, id);
    expect((await keyed(first).expect(200)).body.request).toMatchObject({ id, status: 'done' });
  });

  test('with ?wait=true, responds when done', async ({ privacy, admin, requestErasure, receiptOf }) => {
    privacy.startWorker();
    const customer = await privacy.newCustomer(admin);
    const { body } = await requestErasure({ customer_id: customer.id }, '?wait=true').expect(200);
    expect(body.request).toMatchObject({ status: 'done', services: allDone });
    const { receipt, jws } = await receiptOf(body.request.id);
    expect(body).toMatchObject({ receipt, jws });
  });

  test('erases a user without a customer, and a customer without a user', async ({
    privacy,
    company,
    admin,
    requestErasure,
  }) => {
    privacy.startWorker();
    const user_id = privacy.newUser();
    const ofUser = await requestErasure({ user_id, business_id: company.id }, '?wait=true').expect(200);
    expect(ofUser.body.request).toMatchObject({ status: 'done', customer_id: null, user_id });
    expect(await privacy.service.events('customer.erased')).not.toContainEqual(
      expect.objectContaining({ company_id: company.id }),
    );
    const customer = await privacy.newCustomer(admin);
    const ofCustomer = await requestErasure({ customer_id: customer.id }, '?wait=true').expect(200);
    expect(ofCustomer.body.request).toMatchObject({ status: 'done', customer_id: customer.id, user_id: null });
    const again = await requestErasure({ user_id, business_id: company.id }).expect(200);
    expect(again.body.request.id).toBe(ofUser.body.request.id);
  });

  test('includes every record of the same user, deleted ones too, and is done after them', async ({
    privacy,
    company,
    admin,
    rows,
    requestErasure,
  }) => {
    const user_id = privacy.newUser();
    const before = await privacy.newCustomer(admin, { user_id });
    await admin.delete(`/api/customers/${before.id}`).expect(200);
    const now = await privacy.newCustomer(admin, { user_id });
    const elsewhere = privacy.service.company();
    const stranger = privacy.service.user('admin', elsewhere);
    const kept = await privacy.newCustomer(stranger, { user_id });
    privacy.startWorker();
    const { body } = await requestErasure({ user_id, business_id: company.id }, '?wait=true').expect(200);
    expect(await rows('customers')).toEqual([]);
    const requests = (await admin.get('/api/gdpr/requests').expect(200)).body.requests;
    expect(requests).toEqual([
      expect.objectContaining({ customer_id: before.id, user_id: null, part_of: body.request.id, status: 'done' }),
      expect.objectContaining({ customer_id: now.id, user_id, part_of: null, status: 'done' }),
    ]);
    await stranger.get(`/api/customers/${kept.id}`).expect(200);
    expect((await stranger.get('/api/gdpr/requests').expect(200)).body).toMatchObject({ requests: [], total: 0 });
  });

  test('keeps and reports records that the person wrote about others', async ({
    privacy,
    company,
    rows,
    requestErasure,
    ownPart,
  }) => {
    const user_id = privacy.newUser();
    const colleague = privacy.service.user('manager', company, user_id);
    const about = await privacy.newCustomer(colleague, { tags: ['one'] });
    await colleague.post(`/api/customers/${about.id}/notes`, { content: 'Called' }).expect(201);
    privacy.startWorker();
    const { body } = await requestErasure({ user_id, business_id: company.id }, '?wait=true').expect(200);
    expect(counted((await ownPart(body.request.id)).kept)).toMatchObject({
      customer_tags: 1,
      customer_notes: 1,
      customer_history: 2,
    });
    expect(await rows('customer_notes')).toEqual([expect.objectContaining({ created_by: user_id })]);
  });
});

describe('when a dependency is unavailable', () => {
  testUnavailablePeers(['interaction']); // others and other faults: erasure.large.test.ts

  test('a service with invalid responses is retried and delays no other service', async ({ privacy, admin }) => {
    const [first, second] = [await privacy.newCustomer(admin), await privacy.newCustomer(admin)];
    privacy.peers.servers.product.calls.length = 0;
    privacy.peers.failures.set('product', 500);
    privacy.startWorker();
    const id = await privacy.erase(admin, { customer_id: first.id });
    await expect.poll(() => privacy.peers.servers.product.calls.length, polling).toBeGreaterThan(2);
    const next = await privacy.erase(admin, { customer_id: second.id });
    await expect.poll(async () => (await privacy.requestOf(admin, next)).services['favorites'], polling).toBe('done');
    privacy.peers.failures.delete('product');
    await privacy.untilDone(admin, id);
    await privacy.untilDone(admin, next);
  });

  test('the avatar storage: the erasure finishes once the picture is deleted', async ({ privacy, admin, ownPart }) => {
    const customer = await privacy.newCustomer(admin);
    await admin
      .post(`/api/customers/${customer.id}/avatar`)
      .attach('file', await sampleImage('png'), 'me.png')
      .expect(200);
    const away = `${privacy.folder}-away`;
    renameSync(privacy.folder, away);
    privacy.startWorker();
    const id = await privacy.erase(admin, { customer_id: customer.id });
    await expect
      .poll(() => privacy.requestOf(admin, id), polling)
      .toMatchObject({ status: 'running', services: { ...allDone, customer: 'pending' } });
    renameSync(away, privacy.folder);
    expect(privacy.files()).toHaveLength(1);
    await privacy.service.database.owner('avatar_deletions').update({ due_at: new Date(0) }); // due at once, not in 15 s
    await privacy.untilDone(admin, id);
    expect(privacy.files()).toEqual([]);
    expect(counted((await ownPart(id)).erased)).toMatchObject({ customers: 1, customer_history: 2 });
  });
});

test('metrics report the unfinished erasures and the age of the oldest', async ({ privacy, admin }) => {
  const readMetrics = async () => {
    const text = await erasureMetrics(privacy.service.database.db).metrics();
    return [...text.matchAll(/^clientela_erasures_\w+ (.*)$/gm)].map(([, figure]) => Number(figure));
  };
  expect(await readMetrics()).toEqual([0, 0]);
  const id = await privacy.erase(admin, { customer_id: (await privacy.newCustomer(admin)).id });
  await privacy.service.database
    .owner('erasure_requests')
    .where({ id })
    .update({ requested_at: new Date(Date.now() - 60_000) });
  const [open, oldest] = await readMetrics();
  expect(open).toBe(1);
  expect(oldest).toBeGreaterThanOrEqual(60);
  privacy.startWorker();
  await privacy.untilDone(admin, id);
  expect(await readMetrics()).toEqual([0, 0]);
});

test('concurrent writes to a customer leave no rows after its erasure', async ({ privacy, company }) => {
  privacy.startWorker();
  await eraseDuringWrites(privacy, company); // five times: erasure.large.test.ts
});

describe('a list of erasures', () => {
  const listOf = async (privacy: TestPrivacy, company: Company): Promise<string[]> => {
    let list = '';
    await exportErasures(privacy.service.database.db, async (lines) => void (list += lines));
    return list.split('\n').filter((line) => line.includes(company.id));
  };
  async function* linesOf(list: readonly string[]) {
    yield* list;
  }
  const replay = (privacy: TestPrivacy, list: readonly string[]) =>
    privacy.service.database.db.transaction((tx) => replayErasures(tx, linesOf(list)));

  test('erases again who is back in a database of an earlier moment, once; a person who is not there is no obstacle', async ({
    privacy,
    company,
    admin,
    rows,
  }) => {
    const values = { user_id: privacy.newUser(), email: `${randomUUID()}@example.com` };
    const customer = await privacy.newCustomer(admin, values);
    const gone = { ...customer, id: randomUUID(), number: 999_999 };
    privacy.startWorker();
    const id = await privacy.erase(admin, { customer_id: (await privacy.newCustomer(admin)).id });
    await privacy.untilDone(admin, id);
    const [known = ''] = await listOf(privacy, company);
    const { request } = JSON.parse(known) as { request: object };
    expect(request).toMatchObject({ id, company_id: company.id, requested_by: admin.user_id });
    expect(known).not.toContain('@');
    // What a later list has: these two erasures, the second as part of the first, and a fingerprint.
    const [first, second] = [randomUUID(), randomUUID()];
    const line = (changes: object) => JSON.stringify({ request: { ...request, ...changes } });
    const list = [
      line({ id: second, customer_id: gone.id, customer_number: gone.number, part_of: first }),
      line({ id: first, customer_id: customer.id, customer_number: customer.number, user_id: values.user_id }),
      JSON.stringify({
        fingerprint: { company_id: company.id, fingerprint: 'ab'.repeat(32), expires_at: '2040-01-01T00:00:00Z' },
      }),
    ];
    expect(await replay(privacy, [...list, ...(await listOf(privacy, company))])).toBe(2);
    await privacy.untilDone(admin, first);
    await privacy.untilDone(admin, second);
    await admin.get(`/api/customers/${customer.id}`).expect(404);
    expect(await rows('customers').where({ email: values.email })).toEqual([]);
    expect((await privacy.requestOf(admin, second)).status).toBe('done');
    const fingerprints = (await rows('erased_fingerprints')) as { fingerprint: Buffer }[];
    expect(fingerprints.map(({ fingerprint }) => fingerprint.toString('hex'))).toContain('ab'.repeat(32));
    expect(await replay(privacy, [...list, ...(await listOf(privacy, company))])).toBe(0);
  });

  test('with a line of something else changes nothing', async ({ privacy, company, rows }) => {
    const fingerprint = { company_id: company.id, fingerprint: 'cd'.repeat(32), expires_at: '2040-01-01T00:00:00Z' };
    for (const line of ['', '{}', 'null', '{"request":{"id":"1"}}', '{"fingerprint":{"fingerprint":"x"}}'])
      await expect(replay(privacy, [JSON.stringify({ fingerprint }), line])).rejects.toThrow(
        'Line 2 is not one of a list',
      );
    expect(await rows('erased_fingerprints')).toEqual([]);
  });
});
