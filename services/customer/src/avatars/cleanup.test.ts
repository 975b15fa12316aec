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

// Whatever fails at whatever moment: no picture stays that no customer has, and none goes that one has.

const folder = mkdtempSync(join(tmpdir(), 'clientela-discards-'));
const away = `${folder}-away`;
const real = createDiskStorage(folder);
/** What happens between the storing of a picture and the transaction that gives it to its customer. */
let between: (name: string) => Promise<void> = async () => {};
const removed: string[] = [];
const pictures: AvatarStorage = {
  ...real,
  put: async (name, bytes, type) => {
    await real.put(name, bytes, type);
    await between(name);
  },
  remove: async (name) => {
    await real.remove(name);
    removed.push(name);
  },
};

let service: TestService;
let manager: TestUser;
let admin: TestUser;
let file: Buffer;
const workers: ReturnType<typeof startAvatarCleanup>[] = [];

beforeAll(async () => {
  service = await createTestCustomer({ avatarStorage: pictures, pool: 6 });
  const company = service.company();
  manager = service.user('manager', company);
  admin = service.user('admin', company);
  file = await sampleImage('png');
});
afterEach(async () => {
  between = async () => {};
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
});
afterAll(async () => {
  await service.close();
  rmSync(folder, { recursive: true });
});

const work = () => {
  const { db } = service.database;
  workers.push(
    startAvatarCleanup({ db, storage: pictures, log: createLog('test', 'silent', { redact: [] }), intervalMs: 10 }),
  );
};
const newCustomer = async (): Promise<string> =>
  (await manager.post('/api/customers', { full_name: 'Ana' }).expect(201)).body.customer.id;
const upload = (id: string) => manager.post(`/api/customers/${id}/avatar`).attach('file', file, 'me.png');
const nameOf = (url: string) => url.split('/')[2] ?? '';
const given = async (id: string) => nameOf((await upload(id).expect(200)).body.customer.avatar_url);
const read = async (id: string) => {
  const { body, headers } = await manager.get(`/api/customers/${id}`).expect(200);
  return { version: headers['etag'], avatar_url: body.customer.avatar_url };
};
const stored = () =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map(({ name }) => name);
const noted = async (): Promise<string[]> => service.database.owner('avatar_deletions').orderBy('name').pluck('name');
const due = () => service.database.owner('avatar_deletions').update({ due_at: new Date(0) });
const nothingNoted = () => expect.poll(noted).toEqual([]);

test('the storage is away when a picture comes: 503, nothing has changed, and what was begun is cleared away', async () => {
  const id = await newCustomer();
  const before = [await read(id), (await service.events()).length];
  renameSync(folder, away);
  const { body, headers } = await upload(id).expect(503);
  expect([body.error_code, headers['retry-after']]).toEqual(['SERVICE_UNAVAILABLE', '2']);
  expect(JSON.stringify(body)).not.toContain(folder);
  expect([await read(id), (await service.events()).length]).toEqual(before);
  expect(await noted()).toHaveLength(1);
  renameSync(away, folder);
  work();
  await due();
  await nothingNoted();
});

test('the storage is away when a picture is looked at: 503', async () => {
  const name = await given(await newCustomer());
  renameSync(folder, away);
  await service.anonymous().get(`/avatars/${name}`).expect(503);
  renameSync(away, folder);
  await service.anonymous().get(`/avatars/${name}`).expect(200);
});

test('a replaced, a removed and a hard-deleted one are cleared away, and no other', async () => {
  const [kept, replaced, taken, gone] = await Promise.all([newCustomer(), newCustomer(), newCustomer(), newCustomer()]);
  const first = await given(kept);
  const old = [await given(replaced), await given(taken), await given(gone)];
  const second = await given(replaced);
  await manager.delete(`/api/customers/${taken}/avatar`).expect(200);
  await admin.delete(`/api/customers/${gone}?hard_delete=true`).expect(200);
  expect(await noted()).toEqual(old.toSorted());
  work();
  await nothingNoted();
  for (const name of old) expect(stored()).not.toContain(name);
  for (const name of [first, second]) await service.anonymous().get(`/avatars/${name}`).expect(200);
});

test('a way of changing customers that knows nothing of pictures forgets none', async () => {
  const { owner } = service.database;
  const ids = [await newCustomer(), await newCustomer(), await newCustomer()];
  const names = [await given(ids[0] ?? ''), await given(ids[1] ?? ''), await given(ids[2] ?? '')];
  await owner('customers').where({ id: ids[0] }).update({ avatar_url: null });
  await owner('customers').where({ id: ids[1] }).delete();
  await owner('customers')
    .where({ id: ids[2] })
    .update({ full_name: 'Bea', avatar_url: owner.ref('avatar_url') });
  expect(await noted()).toEqual(names.slice(0, 2).toSorted());
  work();
  await nothingNoted();
  expect(stored()).toContain(names[2]);
});

test('the storage is away when one is to be removed: it is removed later', async () => {
  const id = await newCustomer();
  const name = await given(id);
  await manager.delete(`/api/customers/${id}/avatar`).expect(200);
  await service.anonymous().get(`/avatars/${name}`).expect(404); // at once, wherever the file is
  renameSync(folder, away);
  work();
  const attempts = () => service.database.owner('avatar_deletions').pluck('attempts');
  await expect.poll(attempts).toEqual([1]);
  await due();
  await expect.poll(attempts).toEqual([2]);
  const [{ wait }] = (await service.database
    .owner('avatar_deletions')
    .select(service.database.owner.raw('extract(epoch from due_at - now())::float as wait'))) as [{ wait: number }];
  expect(wait).toBeGreaterThan(15); // ever later
  renameSync(away, folder);
  expect(stored()).toContain(name);
  await due();
  await nothingNoted();
  expect(stored()).not.toContain(name);
});

test('the change is refused after the picture was stored: it is cleared away', async () => {
  const id = await newCustomer();
  const kept = await given(id);
  let name = '';
  between = async (stored_name) => {
    name = stored_name;
    await manager.patch(`/api/customers/${id}`, { gender: 'female' }).expect(200);
  };
  await upload(id).set('If-Match', '"2"').expect(412);
  expect(stored()).toContain(name);
  expect(await read(id)).toEqual({ version: '"3"', avatar_url: `/avatars/${kept}` });
  expect(await noted()).toEqual([name]);
  work();
  await due();
  await nothingNoted();
  expect(stored()).not.toContain(name);
  expect(stored()).toContain(kept);
});

test('a process ends between the storing and the transaction: what it stored is not touched in its time, and cleared away after it', async () => {
  const id = await newCustomer();
  const [reached, going] = [Promise.withResolvers<string>(), Promise.withResolvers<void>()];
  between = async (name) => {
    reached.resolve(name);
    await going.promise;
  };
  const answer = upload(id).then(({ status }) => status);
  const name = await reached.promise;
  work();
  // Another's is cleared away meanwhile, this one is not due.
  const other = newAvatarName();
  await service.database
    .owner('avatar_deletions')
    .insert({ company_id: manager.company_id, name: other, due_at: new Date(0) });
  await expect.poll(() => removed.includes(other)).toBe(true);
  expect(stored()).toContain(name);
  await due();
  await nothingNoted();
  expect(stored()).not.toContain(name);
  // It only slept, and goes on: nobody is given a picture that is gone.
  going.resolve();
  expect(await answer).toBe(503);
  expect(await read(id)).toEqual({ version: '"1"', avatar_url: null });
});

test('a picture whose removal has begun is given to nobody, even if it is not done', async () => {
  const id = await newCustomer();
  between = async (name) => {
    await service.database.owner('avatar_deletions').where({ name }).update({ attempts: 1 });
  };
  await upload(id).expect(503);
  expect(await read(id)).toEqual({ version: '"1"', avatar_url: null });
  await service.database.owner('avatar_deletions').delete();
});

test('several workers remove each one once', async () => {
  const names = Array.from({ length: 90 }, newAvatarName);
  await service.database
    .owner('avatar_deletions')
    .insert(names.map((name) => ({ company_id: manager.company_id, name, due_at: new Date(0) })));
  removed.length = 0;
  for (let count = 0; count < 3; count += 1) work();
  await nothingNoted();
  expect(removed.toSorted()).toEqual(names.toSorted());
});
