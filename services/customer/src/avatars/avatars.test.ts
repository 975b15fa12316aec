import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serviceTest, type TestUser, type TestService } from '@clientela/testing';
import { listen } from '@clientela/http';
import sharp from 'sharp';
import { afterAll, describe, expect } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';
import { createDiskStorage } from './disk-storage.ts';
import { photograph, photographWithGainMap, sampleImage } from './testing/sample-images.ts';

const folder = mkdtempSync(join(tmpdir(), 'clientela-avatars-'));

const test = serviceTest(() => createTestCustomer({ avatarStorage: createDiskStorage(folder) }));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const newCustomer = async (manager: TestUser, values: object = { full_name: 'Ana' }) =>
  (await manager.post('/api/customers', values).expect(201)).body.customer;
const at = (id: string) => `/api/customers/${id}/avatar`;
const upload = (caller: TestUser, id: string, file: Buffer, name = 'me.jpg') =>
  caller.post(at(id)).attach('file', file, name);
const uploadAvatar = async (manager: TestUser, id: string, file?: Buffer): Promise<string> =>
  (await upload(manager, id, file ?? (await sampleImage('png'))).expect(200)).body.customer.avatar_url;
const open = (service: TestService, url: string) => service.anonymous().get(url);
const readBytes = async (request: ReturnType<TestUser['get']>): Promise<Buffer> =>
  (await request.buffer(true).expect(200)).body as Buffer;

describe('avatar upload', () => {
  test.for(['jpeg', 'png', 'webp'] as const)(
    'accepts a %s whatever its file name and serves it without sign-in',
    async (format, { service, manager }) => {
      const customer = await newCustomer(manager);
      const response = await upload(manager, customer.id, await sampleImage(format), 'page.html').expect(200);
      expect(response.headers['etag']).toBe('"2"');
      expect(response.body).toEqual({
        message: 'Avatar updated',
        customer: {
          ...customer,
          avatar_url: expect.stringMatching(/^\/avatars\/[0-9a-f]{32}\.webp$/),
          updated_at: response.body.customer.updated_at,
          version: 2,
        },
      });
      const { headers, body } = await open(service, response.body.customer.avatar_url).buffer(true).expect(200);
      expect(headers).toMatchObject({
        'content-type': 'image/webp',
        'content-length': String((body as Buffer).length),
        'cache-control': 'private, max-age=300',
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; sandbox",
      });
      expect(await sharp(body as Buffer).metadata()).toMatchObject({ format: 'webp', width: 512, height: 384 });
      expect((await manager.get(`/api/customers/${customer.id}`).expect(200)).body.customer.avatar_url).toBe(
        response.body.customer.avatar_url,
      );
    },
  );

  test('stays when a record is sent back with avatar_url: null; another value is read-only', async ({ manager }) => {
    const customer = await newCustomer(manager);
    const avatar_url = await uploadAvatar(manager, customer.id);
    for (const method of ['put', 'patch'] as const) {
      const { body } = await manager[method](`/api/customers/${customer.id}`, customer).expect(200);
      expect(body.customer.avatar_url).toBe(avatar_url);
      const other = await manager[method](`/api/customers/${customer.id}`, { avatar_url: '/avatars/x' }).expect(422);
      expect(other.body.errors).toEqual([{ path: 'avatar_url', message: 'is read-only' }]);
    }
  });

  test('replays an upload with its Idempotency-Key, also for a long customer; other bytes are a 422', async ({
    manager,
  }) => {
    const { id } = await newCustomer(manager, { full_name: 'Long', metadata: { text: 'x'.repeat(65_000) } });
    const file = await sampleImage('png');
    const send = (bytes: Buffer) => upload(manager, id, bytes).set('Idempotency-Key', `avatar-${id}`);
    const first = await send(file).expect(200);
    const again = await send(file).expect(200).expect('Idempotency-Replayed', 'true').expect('ETag', '"2"');
    expect(again.body).toEqual(first.body);
    await send(await sampleImage('jpeg')).expect(422);
  });

  test('applies the orientation and removes metadata about place and device', async ({ service, manager }) => {
    const photo = await photograph();
    expect(photo.toString('latin1')).toContain('a telephone');
    const stored = await readBytes(open(service, await uploadAvatar(manager, (await newCustomer(manager)).id, photo)));
    const { width, height, exif, xmp, iptc, icc, orientation } = await sharp(stored).metadata();
    expect({ width, height, exif, xmp, iptc, icc, orientation }).toEqual({ width: 384, height: 512 });
    expect(stored.toString('latin1')).not.toMatch(/telephone|EXIF|Exif/);
    const pixel = async (top: number) => [
      ...(await sharp(stored).extract({ left: 190, top, width: 1, height: 1 }).raw().toBuffer()),
    ];
    const [red = 0, green = 0, blue = 0] = await pixel(100);
    expect([red > 200, green < 60, blue < 60]).toEqual([true, true, true]);
    expect((await pixel(400)).every((value) => value > 200)).toBe(true);
  });

  test('does not enlarge a small image, and accepts a photograph with a gain map', async ({ service, manager }) => {
    const sizeOf = async (file: Buffer) => {
      const { width, height } = await sharp(
        await readBytes(open(service, await uploadAvatar(manager, (await newCustomer(manager)).id, file))),
      ).metadata();
      return [width, height];
    };
    expect(await sizeOf(await sampleImage('png', 20, 10))).toEqual([20, 10]);
    expect(await sizeOf(await photographWithGainMap())).toEqual([320, 240]);
  });

  test('raises the version, publishes an event and writes history', async ({ service, manager }) => {
    const customer = await newCustomer(manager);
    const url = await uploadAvatar(manager, customer.id);
    await upload(manager, customer.id, await sampleImage('jpeg'))
      .set('If-Match', '"1"')
      .expect(412);
    await manager.delete(at(customer.id)).set('If-Match', '"1"').expect(412);
    const { body, headers } = await manager.delete(at(customer.id)).set('If-Match', '"2"').expect(200);
    expect(headers['etag']).toBe('"3"');
    expect(body).toEqual({
      message: 'Avatar removed',
      customer: { ...customer, avatar_url: null, updated_at: body.customer.updated_at, version: 3 },
    });
    const published = (await service.events('customer.updated')).filter(
      ({ data }) => data['customer_id'] === customer.id,
    );
    expect(published.map(({ sequence, data }) => [sequence, data])).toEqual(
      [2, 3].map((version) => [
        version,
        { customer_id: customer.id, number: customer.number, fields_changed: ['avatar_url'] },
      ]),
    );
    const remembered = await service.database
      .owner('customer_history')
      .select('actor_id', 'action', 'changes')
      .where({ customer_id: customer.id })
      .orderBy('id');
    expect(remembered.slice(1)).toEqual([
      {
        actor_id: manager.user_id,
        action: 'customer.updated',
        changes: [{ field: 'avatar_url', from: null, to: url }],
      },
      {
        actor_id: manager.user_id,
        action: 'customer.updated',
        changes: [{ field: 'avatar_url', from: url, to: null }],
      },
    ]);
    // Removing it again changes nothing.
    expect((await manager.delete(at(customer.id)).expect(200)).headers['etag']).toBe('"3"');
    expect(
      (await service.events('customer.updated')).filter(({ data }) => data['customer_id'] === customer.id),
    ).toHaveLength(2);
  });

  test('rejects avatar_url as read-only', async ({ manager }) => {
    const customer = await newCustomer(manager);
    const { body } = await manager.patch(`/api/customers/${customer.id}`, { avatar_url: '/avatars/x' }).expect(422);
    expect(body.errors).toEqual([{ path: 'avatar_url', message: 'is read-only' }]);
    await manager.post('/api/customers', { full_name: 'A', avatar_url: '/avatars/x' }).expect(422);
  });

  test('stores a file that only its owner can read', async ({ manager }) => {
    const name = (await uploadAvatar(manager, (await newCustomer(manager)).id)).split('/')[2] ?? '';
    const shardDirectory = join(folder, name.slice(0, 2));
    expect(statSync(join(shardDirectory, name)).mode & 0o777).toBe(0o600);
    expect(readdirSync(shardDirectory).filter((file) => !/^[0-9a-f]{32}\.webp$/.test(file))).toEqual([]);
  });
});

describe('avatar permissions', () => {
  test('role customer changes its own avatar; another record is a 404 like an unknown one', async ({
    service,
    company,
    manager,
  }) => {
    const person = service.user('customer', company);
    const own = await newCustomer(manager, { user_id: person.user_id, full_name: 'Own', external_id: 'x1' });
    const other = await newCustomer(manager);
    const { body } = await upload(person, own.id, await sampleImage('webp')).expect(200);
    expect(Object.keys(body.customer)).not.toContain('external_id');
    await person.delete(at(own.id)).expect(200);
    const responses = [];
    for (const id of [other.id, randomUUID()]) {
      const rejected = await upload(person, id, await sampleImage('webp')).expect(404);
      const { request_id: _id, timestamp: _at, ...rest } = rejected.body;
      responses.push(rest);
      await person.delete(at(id)).expect(404);
    }
    expect(responses[0]).toEqual(responses[1]);
  });

  test('rejects role viewer, another company and anonymous requests', async ({ service, company, manager }) => {
    const customer = await newCustomer(manager);
    const url = await uploadAvatar(manager, customer.id);
    const file = await sampleImage('png');
    await upload(service.user('viewer', company), customer.id, file).expect(403);
    await service.user('viewer', company).delete(at(customer.id)).expect(403);
    await upload(service.user('admin', service.company()), customer.id, file).expect(404);
    await service.user('admin', service.company()).delete(at(customer.id)).expect(404);
    await upload(service.anonymous(), customer.id, file).expect(401);
    await service.anonymous().delete(at(customer.id)).expect(401);
    expect((await manager.get(`/api/customers/${customer.id}`)).body.customer.avatar_url).toBe(url);
  });

  test('a deleted customer rejects changes and keeps its avatar; a removed customer’s avatar is not served', async ({
    service,
    company,
    manager,
  }) => {
    const customer = await newCustomer(manager);
    const url = await uploadAvatar(manager, customer.id);
    await manager.delete(`/api/customers/${customer.id}`).expect(200);
    const rejected = await upload(manager, customer.id, await sampleImage('png')).expect(409);
    expect(rejected.body.error_code).toBe('CUSTOMER_DELETED');
    expect((await manager.delete(at(customer.id)).expect(409)).body.error_code).toBe('CUSTOMER_DELETED');
    await open(service, url).expect(200);
    await service.user('admin', company).delete(`/api/customers/${customer.id}?hard_delete=true`).expect(200);
    await open(service, url).expect(404);
  });
});

describe('GET /avatars', () => {
  test('serves neither a replaced nor a removed avatar', async ({ service, manager }) => {
    const { id } = await newCustomer(manager);
    const first = await uploadAvatar(manager, id);
    const second = await uploadAvatar(manager, id);
    expect(second).not.toBe(first);
    expect((await open(service, first).expect(404)).body.error_code).toBe('AVATAR_NOT_FOUND');
    await open(service, second).expect(200);
    for (const caller of [service.user('superuser'), service.user('viewer', service.company()), manager])
      await caller.get(second).expect(200);
    await manager.delete(at(id)).expect(200);
    await open(service, second).expect(404);
  });

  test('answers HEAD without a body and If-None-Match with a 304', async ({ service, manager }) => {
    const url = await uploadAvatar(manager, (await newCustomer(manager)).id);
    const { headers } = await open(service, url).expect(200);
    const server = await listen(service.app, { host: '127.0.0.1', port: 0 });
    const key = { 'X-Service-Key': 'key-of-gateway' };
    const head = await fetch(`http://127.0.0.1:${server.port}${url}`, { method: 'HEAD', headers: key });
    expect([head.status, await head.text()]).toEqual([200, '']);
    for (const name of ['content-length', 'content-type', 'etag', 'cache-control'])
      expect(head.headers.get(name)).toBe(headers[name]);
    await server.close();
    const again = await open(service, url).set('If-None-Match', String(headers['etag'])).expect(304);
    expect(again.headers['cache-control']).toBe('private, max-age=300');
    await open(service, url).set('If-None-Match', '"another"').expect(200);
  });

  test.for([
    '0'.repeat(32),
    `${'0'.repeat(32)}.webp`,
    '%2e%2e%2fsecret',
    '..%2F..%2Fetc%2Fpasswd',
    `${'A'.repeat(32)}.webp`,
    `${'0'.repeat(32)}.webp%00`,
  ])('serves nothing under the name %s', async (name, { service }) => {
    expect((await open(service, `/avatars/${name}`).expect(404)).body.error_code).toBe('AVATAR_NOT_FOUND');
  });

  test('serves no stored file that no customer has', async ({ service }) => {
    const name = `${'ab'.repeat(16)}.webp`;
    await createDiskStorage(folder).put(name, await sampleImage('webp'), 'image/webp');
    expect(existsSync(join(folder, 'ab', name))).toBe(true);
    await open(service, `/avatars/${name}`).expect(404);
  });

  test('is a 404 for a file that the storage has lost', async ({ service, manager }) => {
    const url = await uploadAvatar(manager, (await newCustomer(manager)).id);
    await createDiskStorage(folder).remove(url.split('/')[2] ?? '');
    await open(service, url).expect(404);
  });
});
