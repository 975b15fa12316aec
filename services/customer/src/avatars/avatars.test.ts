import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestUser, Company, TestService } from '@clientela/testing';
import { listen } from '@clientela/http';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';
import { createDiskStorage } from './disk-storage.ts';
import { photograph, photographWithGainMap, sampleImage } from './testing/sample-images.ts';

const folder = mkdtempSync(join(tmpdir(), 'clientela-avatars-'));
let service: TestService;
let company: Company;
let manager: TestUser;

beforeAll(async () => {
  service = await createTestCustomer({ avatarStorage: createDiskStorage(folder) });
  company = service.company();
  manager = service.user('manager', company);
});
afterAll(async () => {
  await service.close();
  rmSync(folder, { recursive: true });
});

const newCustomer = async (values: object = { full_name: 'Ana' }) =>
  (await manager.post('/api/customers', values).expect(201)).body.customer;
const at = (id: string) => `/api/customers/${id}/avatar`;
const upload = (caller: TestUser, id: string, file: Buffer, name = 'me.jpg') =>
  caller.post(at(id)).attach('file', file, name);
const given = async (id: string, file?: Buffer): Promise<string> =>
  (await upload(manager, id, file ?? (await sampleImage('png'))).expect(200)).body.customer.avatar_url;
const open = (url: string) => service.anonymous().get(url);
const bytes = async (asked: ReturnType<TestUser['get']>): Promise<Buffer> =>
  (await asked.buffer(true).expect(200)).body as Buffer;

describe('a picture that is sent', () => {
  test.each(['jpeg', 'png', 'webp'] as const)(
    '%s is taken, whatever its name says, and served to anybody',
    async (format) => {
      const customer = await newCustomer();
      const answer = await upload(manager, customer.id, await sampleImage(format), 'page.html').expect(200);
      expect(answer.headers['etag']).toBe('"2"');
      expect(answer.body).toEqual({
        message: 'Avatar updated',
        customer: {
          ...customer,
          avatar_url: expect.stringMatching(/^\/avatars\/[0-9a-f]{32}\.webp$/),
          updated_at: answer.body.customer.updated_at,
        },
      });
      const { headers, body } = await open(answer.body.customer.avatar_url).buffer(true).expect(200);
      expect(headers).toMatchObject({
        'content-type': 'image/webp',
        'content-length': String((body as Buffer).length),
        'cache-control': 'private, max-age=300',
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; sandbox",
      });
      expect(await sharp(body as Buffer).metadata()).toMatchObject({ format: 'webp', width: 512, height: 384 });
      expect((await manager.get(`/api/customers/${customer.id}`).expect(200)).body.customer.avatar_url).toBe(
        answer.body.customer.avatar_url,
      );
    },
  );

  test('sent again with its Idempotency-Key is the same picture, be the customer long; with other bytes it is a 422', async () => {
    const { id } = await newCustomer({ full_name: 'Long', metadata: { text: 'x'.repeat(65_000) } });
    const file = await sampleImage('png');
    const send = (bytes: Buffer) => upload(manager, id, bytes).set('Idempotency-Key', `avatar-${id}`);
    const first = await send(file).expect(200);
    const again = await send(file).expect(200).expect('Idempotency-Replayed', 'true').expect('ETag', '"2"');
    expect(again.body).toEqual(first.body);
    await send(await sampleImage('jpeg')).expect(422);
  });

  test('is turned the right way up, and tells neither where nor with what it was taken', async () => {
    const photo = await photograph();
    expect(photo.toString('latin1')).toContain('a telephone');
    const stored = await bytes(open(await given((await newCustomer()).id, photo)));
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

  test('a small one is not made larger, and a photograph with more light in it is one too', async () => {
    const sizeOf = async (file: Buffer) => {
      const { width, height } = await sharp(await bytes(open(await given((await newCustomer()).id, file)))).metadata();
      return [width, height];
    };
    expect(await sizeOf(await sampleImage('png', 20, 10))).toEqual([20, 10]);
    expect(await sizeOf(await photographWithGainMap())).toEqual([320, 240]);
  });

  test('is a change of the record: its version, event and history', async () => {
    const customer = await newCustomer();
    const url = await given(customer.id);
    await upload(manager, customer.id, await sampleImage('jpeg'))
      .set('If-Match', '"1"')
      .expect(412);
    await manager.delete(at(customer.id)).set('If-Match', '"1"').expect(412);
    const { body, headers } = await manager.delete(at(customer.id)).set('If-Match', '"2"').expect(200);
    expect(headers['etag']).toBe('"3"');
    expect(body).toEqual({
      message: 'Avatar removed',
      customer: { ...customer, avatar_url: null, updated_at: body.customer.updated_at },
    });
    const said = (await service.events('customer.updated')).filter(({ data }) => data['customer_id'] === customer.id);
    expect(said.map(({ sequence, data }) => [sequence, data])).toEqual(
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
    // Again is no change.
    expect((await manager.delete(at(customer.id)).expect(200)).headers['etag']).toBe('"3"');
    expect(
      (await service.events('customer.updated')).filter(({ data }) => data['customer_id'] === customer.id),
    ).toHaveLength(2);
  });

  test('avatar_url itself is read-only', async () => {
    const customer = await newCustomer();
    const { body } = await manager.patch(`/api/customers/${customer.id}`, { avatar_url: '/avatars/x' }).expect(422);
    expect(body.errors).toEqual([{ path: 'avatar_url', message: 'is read-only' }]);
    await manager.post('/api/customers', { full_name: 'A', avatar_url: '/avatars/x' }).expect(422);
  });

  test('lies in a file that nobody else may read', async () => {
    const name = (await given((await newCustomer()).id)).split('/')[2] ?? '';
    const shelf = join(folder, name.slice(0, 2));
    expect(statSync(join(shelf, name)).mode & 0o777).toBe(0o600);
    expect(readdirSync(shelf).filter((file) => !/^[0-9a-f]{32}\.webp$/.test(file))).toEqual([]);
  });
});

describe('who may', () => {
  test('role customer for its own record, and finds another’s as little as one that does not exist', async () => {
    const person = service.user('customer', company);
    const own = await newCustomer({ user_id: person.user_id, full_name: 'Own', external_id: 'x1' });
    const other = await newCustomer();
    const { body } = await upload(person, own.id, await sampleImage('webp')).expect(200);
    expect(Object.keys(body.customer)).not.toContain('external_id');
    await person.delete(at(own.id)).expect(200);
    const answers = [];
    for (const id of [other.id, randomUUID()]) {
      const refused = await upload(person, id, await sampleImage('webp')).expect(404);
      const { request_id: _id, timestamp: _at, ...rest } = refused.body;
      answers.push(rest);
      await person.delete(at(id)).expect(404);
    }
    expect(answers[0]).toEqual(answers[1]);
  });

  test('not role viewer, another company, or nobody', async () => {
    const customer = await newCustomer();
    const url = await given(customer.id);
    const file = await sampleImage('png');
    await upload(service.user('viewer', company), customer.id, file).expect(403);
    await service.user('viewer', company).delete(at(customer.id)).expect(403);
    await upload(service.user('admin', service.company()), customer.id, file).expect(404);
    await service.user('admin', service.company()).delete(at(customer.id)).expect(404);
    await upload(service.anonymous(), customer.id, file).expect(401);
    await service.anonymous().delete(at(customer.id)).expect(401);
    expect((await manager.get(`/api/customers/${customer.id}`)).body.customer.avatar_url).toBe(url);
  });

  test('a deleted customer takes neither, and its picture stays; a removed one’s is gone', async () => {
    const customer = await newCustomer();
    const url = await given(customer.id);
    await manager.delete(`/api/customers/${customer.id}`).expect(200);
    const refused = await upload(manager, customer.id, await sampleImage('png')).expect(409);
    expect(refused.body.error_code).toBe('CUSTOMER_DELETED');
    expect((await manager.delete(at(customer.id)).expect(409)).body.error_code).toBe('CUSTOMER_DELETED');
    await open(url).expect(200);
    await service.user('admin', company).delete(`/api/customers/${customer.id}?hard_delete=true`).expect(200);
    await open(url).expect(404);
  });
});

describe('what is served', () => {
  test('is gone with its replacement and its removal', async () => {
    const { id } = await newCustomer();
    const first = await given(id);
    const second = await given(id);
    expect(second).not.toBe(first);
    expect((await open(first).expect(404)).body.error_code).toBe('AVATAR_NOT_FOUND');
    await open(second).expect(200);
    for (const caller of [service.user('superuser'), service.user('viewer', service.company()), manager])
      await caller.get(second).expect(200);
    await manager.delete(at(id)).expect(200);
    await open(second).expect(404);
  });

  test('is told of without being sent, and not sent again to who has it', async () => {
    const url = await given((await newCustomer()).id);
    const { headers } = await open(url).expect(200);
    const server = await listen(service.app, { host: '127.0.0.1', port: 0 });
    const key = { 'X-Service-Key': 'key-of-gateway' };
    const head = await fetch(`http://127.0.0.1:${server.port}${url}`, { method: 'HEAD', headers: key });
    expect([head.status, await head.text()]).toEqual([200, '']);
    for (const name of ['content-length', 'content-type', 'etag', 'cache-control'])
      expect(head.headers.get(name)).toBe(headers[name]);
    await server.close();
    const again = await open(url).set('If-None-Match', String(headers['etag'])).expect(304);
    expect(again.headers['cache-control']).toBe('private, max-age=300');
    await open(url).set('If-None-Match', '"another"').expect(200);
  });

  test.each([
    '0'.repeat(32),
    `${'0'.repeat(32)}.webp`,
    '%2e%2e%2fsecret',
    '..%2F..%2Fetc%2Fpasswd',
    `${'A'.repeat(32)}.webp`,
    `${'0'.repeat(32)}.webp%00`,
  ])('nothing by the name %s', async (name) => {
    expect((await open(`/avatars/${name}`).expect(404)).body.error_code).toBe('AVATAR_NOT_FOUND');
  });

  test('nothing that no customer has, though the storage holds it', async () => {
    const name = `${'ab'.repeat(16)}.webp`;
    await createDiskStorage(folder).put(name, await sampleImage('webp'), 'image/webp');
    expect(existsSync(join(folder, 'ab', name))).toBe(true);
    await open(`/avatars/${name}`).expect(404);
  });

  test('nothing that the storage has lost', async () => {
    const url = await given((await newCustomer()).id);
    await createDiskStorage(folder).remove(url.split('/')[2] ?? '');
    await open(url).expect(404);
  });
});
