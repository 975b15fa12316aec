import { mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestUser, TestService } from '@clientela/testing';
import { createLog } from '@clientela/runtime';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';
import { createDiskStorage } from './disk-storage.ts';
import { sampleImage } from './testing/sample-images.ts';
import { newAvatarName, type AvatarStorage } from './storage.ts';
import { startAvatarCleanup } from './worker.ts';

// Whatever fails and when: the storage keeps no file that no customer has, and loses no file that a customer has.

const folder = mkdtempSync(join(tmpdir(), 'clientela-cleanup-'));
const unavailableFolder = `${folder}-away`;
const disk = createDiskStorage(folder);
/** Runs between storing the file and the transaction that gives it to its customer. */
let beforeCommit: (name: string) => Promise<void> = async () => {};
const removed: string[] = [];
const storage: AvatarStorage = {
  ...disk,
  put: async (name, bytes, type) => {
    await disk.put(name, bytes, type);
    await beforeCommit(name);
  },
  remove: async (name) => {
    await disk.remove(name);
    removed.push(name);
  },
};

let service: TestService;
let manager: TestUser;
let admin: TestUser;
let file: Buffer;
const workers: ReturnType<typeof startAvatarCleanup>[] = [];

beforeAll(async () => {
  service = await createTestCustomer({ avatarStorage: storage, pool: 6 });
  const company = service.company();
  manager = service.user('manager', company);
  admin = service.user('admin', company);
  file = await sampleImage('png');
});
afterEach(async () => {
  beforeCommit = async () => {};
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
});
afterAll(async () => {
  await service.close();
  rmSync(folder, { recursive: true });
});

const startWorker = () => {
  const { db } = service.database;
  workers.push(startAvatarCleanup({ db, storage, log: createLog('test', 'silent', { redact: [] }), intervalMs: 10 }));
};
const newCustomer = async (): Promise<string> =>
  (await manager.post('/api/customers', { full_name: 'Ana' }).expect(201)).body.customer.id;
const upload = (id: string) => manager.post(`/api/customers/${id}/avatar`).attach('file', file, 'me.png');
const nameOf = (url: string) => url.split('/')[2] ?? '';
const uploadAvatar = async (id: string) => nameOf((await upload(id).expect(200)).body.customer.avatar_url);
const read = async (id: string) => {
  const { body, headers } = await manager.get(`/api/customers/${id}`).expect(200);
  return { version: headers['etag'], avatar_url: body.customer.avatar_url };
};
const stored = () =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map(({ name }) => name);
const pendingNames = async (): Promise<string[]> =>
  service.database.owner('avatar_deletions').orderBy('name').pluck('name');
const makeAllDue = () => service.database.owner('avatar_deletions').update({ due_at: new Date(0) });
const untilNothingPending = () => expect.poll(pendingNames).toEqual([]);

test('an upload without storage is a 503, changes nothing and leaves no file', async () => {
  const id = await newCustomer();
  const before = [await read(id), (await service.events()).length];
  renameSync(folder, unavailableFolder);
  const { body, headers } = await upload(id).expect(503);
  expect([body.error_code, headers['retry-after']]).toEqual(['SERVICE_UNAVAILABLE', '2']);
  expect(JSON.stringify(body)).not.toContain(folder);
  expect([await read(id), (await service.events()).length]).toEqual(before);
  expect(await pendingNames()).toHaveLength(1);
  renameSync(unavailableFolder, folder);
  startWorker();
  await makeAllDue();
  await untilNothingPending();
});

test('an avatar without storage is a 503', async () => {
  const name = await uploadAvatar(await newCustomer());
  renameSync(folder, unavailableFolder);
  await service.anonymous().get(`/avatars/${name}`).expect(503);
  renameSync(unavailableFolder, folder);
  await service.anonymous().get(`/avatars/${name}`).expect(200);
});

test('deletes the files of a replaced, a removed and a hard-deleted avatar, and no others', async () => {
  const [unchanged, replaced, cleared, removedCustomer] = await Promise.all([
    newCustomer(),
    newCustomer(),
    newCustomer(),
    newCustomer(),
  ]);
  const first = await uploadAvatar(unchanged);
  const old = [await uploadAvatar(replaced), await uploadAvatar(cleared), await uploadAvatar(removedCustomer)];
  const second = await uploadAvatar(replaced);
  await manager.delete(`/api/customers/${cleared}/avatar`).expect(200);
  await admin.delete(`/api/customers/${removedCustomer}?hard_delete=true`).expect(200);
  expect(await pendingNames()).toEqual(old.toSorted());
  startWorker();
  await untilNothingPending();
  for (const name of old) expect(stored()).not.toContain(name);
  for (const name of [first, second]) await service.anonymous().get(`/avatars/${name}`).expect(200);
});

test('triggers schedule deletions for direct SQL changes of customers', async () => {
  const { owner } = service.database;
  const ids = [await newCustomer(), await newCustomer(), await newCustomer()];
  const names = [await uploadAvatar(ids[0] ?? ''), await uploadAvatar(ids[1] ?? ''), await uploadAvatar(ids[2] ?? '')];
  await owner('customers').where({ id: ids[0] }).update({ avatar_url: null });
  await owner('customers').where({ id: ids[1] }).delete();
  await owner('customers')
    .where({ id: ids[2] })
    .update({ full_name: 'Bea', avatar_url: owner.ref('avatar_url') });
  expect(await pendingNames()).toEqual(names.slice(0, 2).toSorted());
  startWorker();
  await untilNothingPending();
  expect(stored()).toContain(names[2]);
});

test('retries a deletion with backoff while the storage is unavailable', async () => {
  const id = await newCustomer();
  const name = await uploadAvatar(id);
  await manager.delete(`/api/customers/${id}/avatar`).expect(200);
  await service.anonymous().get(`/avatars/${name}`).expect(404); // at once, although the file still exists
  renameSync(folder, unavailableFolder);
  startWorker();
  const attempts = () => service.database.owner('avatar_deletions').pluck('attempts');
  await expect.poll(attempts).toEqual([1]);
  await makeAllDue();
  await expect.poll(attempts).toEqual([2]);
  const [{ wait }] = (await service.database
    .owner('avatar_deletions')
    .select(service.database.owner.raw('extract(epoch from due_at - now())::float as wait'))) as [{ wait: number }];
  expect(wait).toBeGreaterThan(15); // backoff grows
  renameSync(unavailableFolder, folder);
  expect(stored()).toContain(name);
  await makeAllDue();
  await untilNothingPending();
  expect(stored()).not.toContain(name);
});

test('deletes the stored file of an upload whose transaction fails', async () => {
  const id = await newCustomer();
  const currentName = await uploadAvatar(id);
  let name = '';
  beforeCommit = async (storedName) => {
    name = storedName;
    await manager.patch(`/api/customers/${id}`, { gender: 'female' }).expect(200);
  };
  await upload(id).set('If-Match', '"2"').expect(412);
  expect(stored()).toContain(name);
  expect(await read(id)).toEqual({ version: '"3"', avatar_url: `/avatars/${currentName}` });
  expect(await pendingNames()).toEqual([name]);
  startWorker();
  await makeAllDue();
  await untilNothingPending();
  expect(stored()).not.toContain(name);
  expect(stored()).toContain(currentName);
});

test('deletes the file of an interrupted upload after the grace period, and not before', async () => {
  const id = await newCustomer();
  const [reached, resume] = [Promise.withResolvers<string>(), Promise.withResolvers<void>()];
  beforeCommit = async (name) => {
    reached.resolve(name);
    await resume.promise;
  };
  const uploadStatus = upload(id).then(({ status }) => status);
  const name = await reached.promise;
  startWorker();
  // Another file is deleted meanwhile; this one is not due.
  const other = newAvatarName();
  await service.database
    .owner('avatar_deletions')
    .insert({ company_id: manager.company_id, name: other, due_at: new Date(0) });
  await expect.poll(() => removed.includes(other)).toBe(true);
  expect(stored()).toContain(name);
  await makeAllDue();
  await untilNothingPending();
  expect(stored()).not.toContain(name);
  // The upload resumes: the customer does not get a deleted file.
  resume.resolve();
  expect(await uploadStatus).toBe(503);
  expect(await read(id)).toEqual({ version: '"1"', avatar_url: null });
});

test('rejects an upload whose file deletion has started', async () => {
  const id = await newCustomer();
  beforeCommit = async (name) => {
    await service.database.owner('avatar_deletions').where({ name }).update({ attempts: 1 });
  };
  await upload(id).expect(503);
  expect(await read(id)).toEqual({ version: '"1"', avatar_url: null });
  await service.database.owner('avatar_deletions').delete();
});

test('several workers delete each file once', async () => {
  const names = Array.from({ length: 90 }, newAvatarName);
  await service.database
    .owner('avatar_deletions')
    .insert(names.map((name) => ({ company_id: manager.company_id, name, due_at: new Date(0) })));
  removed.length = 0;
  for (let count = 0; count < 3; count += 1) startWorker();
  await untilNothingPending();
  expect(removed.toSorted()).toEqual(names.toSorted());
});
