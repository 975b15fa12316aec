import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createFakeS3, type FakeS3 } from './testing/fake-s3.ts';
import { createS3Storage } from './s3-storage.ts';
import { createDiskStorage } from './disk-storage.ts';
import { isAvatarName, newAvatarName, type AvatarStorage } from './storage.ts';

const folder = mkdtempSync(join(tmpdir(), 'clientela-storage-'));
let server: FakeS3;
beforeAll(async () => {
  server = await createFakeS3();
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

/** Optional real S3 server with an empty bucket, configured by environment variables. */
const externalS3 = {
  endpoint: process.env['TEST_S3_ENDPOINT'],
  bucket: process.env['TEST_S3_BUCKET'] ?? 'pictures',
  region: process.env['TEST_S3_REGION'] ?? 'us-east-1',
  access_key_id: process.env['TEST_S3_ACCESS_KEY_ID'] ?? '',
  secret_access_key: process.env['TEST_S3_SECRET_ACCESS_KEY'] ?? '',
};
const storages: [string, () => AvatarStorage][] = [
  ['a folder', () => createDiskStorage(folder)],
  ['a bucket', () => createS3Storage(server.settings)],
  ...(externalS3.endpoint === undefined
    ? []
    : [['a bucket of the configured server', () => createS3Storage(externalS3)] as [string, () => AvatarStorage]]),
];

const read = async (storage: AvatarStorage, name: string) => {
  const found = await storage.get(name);
  return found && { bytes: await buffer(found.stream), size: found.size };
};

test('creates random names and recognizes nothing else as a name', () => {
  const names = Array.from({ length: 100 }, newAvatarName);
  expect(new Set(names).size).toBe(100);
  expect(names.every(isAvatarName)).toBe(true);
  for (const other of [
    '',
    '../x',
    `${'0'.repeat(32)}.png`,
    `${'0'.repeat(31)}.webp`,
    `/${'0'.repeat(32)}.webp`,
    `${'0'.repeat(32)}.webp\n`,
  ])
    expect(isAvatarName(other), other).toBe(false);
});

describe.each(storages)('%s', (_what, open) => {
  let storage: AvatarStorage;
  beforeEach(() => {
    server.setBehavior('normal');
    storage = open();
  });

  test('returns stored bytes until they are removed', async () => {
    const [one, other] = [newAvatarName(), newAvatarName()];
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, at) => at % 251));
    await storage.put(one, bytes, 'image/webp');
    await storage.put(other, Buffer.from('another'), 'image/webp');
    expect(await read(storage, one)).toEqual({ bytes, size: 100_000 });
    expect(await read(storage, other)).toEqual({ bytes: Buffer.from('another'), size: 7 });
    await storage.remove(one);
    expect(await read(storage, one)).toBeUndefined();
    expect(await read(storage, other)).toBeDefined();
    await storage.remove(one); // removing twice succeeds
    await storage.remove(other);
  });

  test('rejects anything but names', async () => {
    const calls = server.calls.length;
    for (const name of ['../../etc/passwd', 'a/b', '', '.', `${newAvatarName()}/..`]) {
      await expect(storage.put(name, Buffer.from('x'), 'image/webp')).rejects.toThrow('Invalid avatar name');
      await expect(storage.get(name)).rejects.toThrow('Invalid avatar name');
      await expect(storage.remove(name)).rejects.toThrow('Invalid avatar name');
    }
    expect(server.calls).toHaveLength(calls);
  });
});

describe('disk storage', () => {
  test('throws while the folder is missing and works again when it is back', async () => {
    const storage = createDiskStorage(folder);
    const name = newAvatarName();
    await storage.put(name, Buffer.from('x'), 'image/webp');
    renameSync(folder, `${folder}-away`);
    await expect(storage.put(newAvatarName(), Buffer.from('x'), 'image/webp')).rejects.toThrow('ENOENT');
    await expect(storage.get(name)).rejects.toThrow('ENOENT');
    await expect(storage.remove(name)).rejects.toThrow('ENOENT');
    renameSync(`${folder}-away`, folder);
    expect(await read(storage, name)).toMatchObject({ size: 1 });
  });

  test('removes the leftovers of an interrupted write', async () => {
    const storage = createDiskStorage(folder);
    const name = newAvatarName();
    await storage.put(name, Buffer.from('x'), 'image/webp');
    await storage.remove(name);
    const shardDirectory = join(folder, name.slice(0, 2));
    writeFileSync(join(shardDirectory, `.${name}.part`), 'ha');
    expect(await storage.get(name)).toBeUndefined();
    await storage.remove(name);
    expect(readdirSync(shardDirectory)).toEqual([]);
  });
});

describe('S3 storage', () => {
  test('stores an object and signs every request with the secret', async () => {
    const name = newAvatarName();
    await createS3Storage(server.settings).put(name, Buffer.from('x'), 'image/webp');
    expect(server.objects.get(name)).toEqual({ bytes: Buffer.from('x'), type: 'image/webp' });
    const wrong = createS3Storage({ ...server.settings, secret_access_key: 'another' });
    await expect(wrong.put(newAvatarName(), Buffer.from('x'), 'image/webp')).rejects.toThrow('SignatureDoesNotMatch');
    await expect(wrong.get(name)).rejects.toThrow('SignatureDoesNotMatch');
    await expect(wrong.remove(name)).rejects.toThrow('SignatureDoesNotMatch');
    expect(server.objects.has(name)).toBe(true);
  });

  test('throws for a missing bucket instead of reporting a missing object', async () => {
    const elsewhere = createS3Storage({ ...server.settings, bucket: 'nowhere' });
    await expect(elsewhere.get(newAvatarName())).rejects.toThrow('NoSuchBucket');
  });

  test('retries a failed call once', async () => {
    const storage = createS3Storage(server.settings);
    const name = newAvatarName();
    server.setBehavior('failing', 'normal');
    await storage.put(name, Buffer.from('x'), 'image/webp');
    expect(server.objects.has(name)).toBe(true);
    for (const behavior of ['failing', 'reset'] as const) {
      server.setBehavior(behavior);
      const calls = server.calls.length;
      await expect(storage.put(newAvatarName(), Buffer.from('x'), 'image/webp')).rejects.toThrow();
      await expect(storage.get(name)).rejects.toThrow();
      await expect(storage.remove(name)).rejects.toThrow();
      expect(server.calls.length - calls).toBe(6);
    }
  });

  test('times out when the server does not respond', async () => {
    const storage = createS3Storage(server.settings, 300);
    server.setBehavior('hang');
    await Promise.all([
      expect(storage.put(newAvatarName(), Buffer.from('x'), 'image/webp')).rejects.toThrow(),
      expect(storage.get(newAvatarName())).rejects.toThrow(),
      expect(storage.remove(newAvatarName())).rejects.toThrow(),
    ]);
  });
});
