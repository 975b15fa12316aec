import { describe, expect } from 'vitest';
import { createDiskStorage } from '../avatars/disk-storage.ts';
import { newAvatarName } from '../avatars/storage.ts';
import { insertPendingDeletion } from '../avatars/store.ts';
import { sampleImage } from '../avatars/testing/sample-images.ts';
import { eraseDuringWrites } from './testing/erase-during-writes.ts';
import { allDone, counted, erasedEvents, erasureTest as test } from './testing/erasure-test.ts';
import { peerNames } from './testing/stub-peers.ts';
import { polling } from './testing/test-privacy.ts';
import { testUnavailablePeers } from './testing/unavailable-peers.ts';

describe('when a dependency is unavailable', () => {
  testUnavailablePeers(['auth', 'product', 'favorites']);

  test('an upload in progress: the erasure finishes once its file is deleted', async ({ privacy, company, admin }) => {
    const customer = await privacy.newCustomer(admin);
    const name = newAvatarName();
    await createDiskStorage(privacy.folder).put(name, await sampleImage('png'), 'image/webp');
    expect(await insertPendingDeletion(privacy.service.database.db, company.id, customer.id, name)).toBe(true);
    privacy.startWorker();
    const id = await privacy.erase(admin, { customer_id: customer.id });
    await expect
      .poll(() => privacy.requestOf(admin, id), polling)
      .toMatchObject({ status: 'running', services: { ...allDone, customer: 'pending' } });
    expect(privacy.files()).toEqual([name]);
    expect(await insertPendingDeletion(privacy.service.database.db, company.id, customer.id, newAvatarName())).toBe(
      false,
    );
    await privacy.service.database.owner('avatar_deletions').update({ due_at: new Date(0) }); // ten minutes have passed
    await privacy.untilDone(admin, id);
    expect(privacy.files()).toEqual([]);
  });

  test(
    'the worker is stopped at each step: another worker resumes',
    { timeout: 90_000 },
    async ({ privacy, company, admin, ownPart }) => {
      const customer = await privacy.newCustomer(admin);
      await admin
        .post(`/api/customers/${customer.id}/avatar`)
        .attach('file', await sampleImage('png'), 'me.png')
        .expect(200);
      const id = await privacy.erase(admin, { customer_id: customer.id });
      const failingStorage = {
        ...createDiskStorage(privacy.folder),
        remove: () => Promise.reject(new Error('killed')),
      };
      for (const name of peerNames) privacy.peers.failures.set(name, 'hangs up');
      privacy.startWorker(failingStorage);
      await expect.poll(async () => (await privacy.requestOf(admin, id)).status, polling).toBe('running');
      for (const name of peerNames) {
        await privacy.stopWorker();
        privacy.peers.failures.delete(name);
        privacy.startWorker(failingStorage);
        await expect.poll(async () => (await privacy.requestOf(admin, id)).services[name], polling).toBe('done');
      }
      await privacy.stopWorker();
      await privacy.service.database.owner('avatar_deletions').update({ due_at: new Date(0) });
      privacy.peers.failures.set('auth', 'hangs up');
      privacy.startWorker();
      await expect.poll(async () => (await privacy.requestOf(admin, id)).services, polling).toEqual(allDone);
      await privacy.stopWorker();
      expect(privacy.peers.signed).toEqual([]);
      privacy.peers.failures.clear();
      privacy.startWorker();
      await privacy.untilDone(admin, id);
      expect(privacy.files()).toEqual([]);
      expect(counted((await ownPart(id)).erased)).toMatchObject({ customers: 1, customer_counters: 1 });
      const events = await erasedEvents(privacy, company);
      expect(events).toHaveLength(1);
    },
  );

  test('the database closes every connection: the erasure resumes', { timeout: 90_000 }, async ({ privacy, admin }) => {
    const customers = await Promise.all(Array.from({ length: 6 }, () => privacy.newCustomer(admin)));
    privacy.startWorker();
    const ids: string[] = [];
    for (const customer of customers) ids.push(await privacy.erase(admin, { customer_id: customer.id }));
    await privacy.service.database.cut();
    for (const id of ids) {
      await expect
        .poll(async () => (await admin.get(`/api/gdpr/requests/${id}`)).body.request?.status, polling)
        .toBe('done');
    }
  });
});

test('concurrent writes to a customer leave no rows after its erasure', async ({ privacy, company }) => {
  privacy.startWorker();
  for (let round = 0; round < 5; round += 1) await eraseDuringWrites(privacy, company);
  expect(await privacy.service.database.owner('customers').where({ company_id: company.id })).toEqual([]);
});
