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

/** A real server of one's own, with an empty bucket: its address and keys in the environment. */
const real = {
  endpoint: process.env['TEST_S3_ENDPOINT'],
  bucket: process.env['TEST_S3_BUCKET'] ?? 'pictures',
  region: process.env['TEST_S3_REGION'] ?? 'us-east-1',
  access_key_id: process.env['TEST_S3_ACCESS_KEY_ID'] ?? '',
  secret_access_key: process.env['TEST_S3_SECRET_ACCESS_KEY'] ?? '',
};
const storages: [string, () => AvatarStorage][] = [
  ['a folder', () => createDiskStorage(folder)],
  ['a bucket', () => createS3Storage(server.settings)],
  ...(real.endpoint === undefined
    ? []
    : [['a bucket of the server given', () => createS3Storage(real)] as [string, () => AvatarStorage]]),
];

const read = async (storage: AvatarStorage, name: string) => {
  const found = await storage.get(name);
  return found && { bytes: await buffer(found.stream), size: found.size };
};

test('names are random, and nothing else is a name', () => {
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

  test('gives back what was put there, until it is removed', async () => {
    const [one, other] = [newAvatarName(), newAvatarName()];
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, at) => at % 251));
    await storage.put(one, bytes, 'image/webp');
    await storage.put(other, Buffer.from('another'), 'image/webp');
    expect(await read(storage, one)).toEqual({ bytes, size: 100_000 });
    expect(await read(storage, other)).toEqual({ bytes: Buffer.from('another'), size: 7 });
    await storage.remove(one);
    expect(await read(storage, one)).toBeUndefined();
    expect(await read(storage, other)).toBeDefined();
    await storage.remove(one); // again is no failure
    await storage.remove(other);
  });

  test('takes nothing but names', async () => {
    const calls = server.calls.length;
    for (const name of ['../../etc/passwd', 'a/b', '', '.', `${newAvatarName()}/..`]) {
      await expect(storage.put(name, Buffer.from('x'), 'image/webp')).rejects.toThrow('Invalid avatar name');
      await expect(storage.get(name)).rejects.toThrow('Invalid avatar name');
      await expect(storage.remove(name)).rejects.toThrow('Invalid avatar name');
    }
    expect(server.calls).toHaveLength(calls);
  });
});

describe('a folder', () => {
  test('that is away says so at every call, and works again when it is back', async () => {
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

  test('keeps nothing of a file whose writing was interrupted, once it is removed', async () => {
    const storage = createDiskStorage(folder);
    const name = newAvatarName();
    await storage.put(name, Buffer.from('x'), 'image/webp');
    await storage.remove(name);
    const shelf = join(folder, name.slice(0, 2));
    writeFileSync(join(shelf, `.${name}.part`), 'ha');
    expect(await storage.get(name)).toBeUndefined();
    await storage.remove(name);
    expect(readdirSync(shelf)).toEqual([]);
  });
});

describe('a bucket', () => {
  test('keeps a picture as one, and is asked with a signature by the right secret', async () => {
    const name = newAvatarName();
    await createS3Storage(server.settings).put(name, Buffer.from('x'), 'image/webp');
    expect(server.objects.get(name)).toEqual({ bytes: Buffer.from('x'), type: 'image/webp' });
    const wrong = createS3Storage({ ...server.settings, secret_access_key: 'another' });
    await expect(wrong.put(newAvatarName(), Buffer.from('x'), 'image/webp')).rejects.toThrow('SignatureDoesNotMatch');
    await expect(wrong.get(name)).rejects.toThrow('SignatureDoesNotMatch');
    await expect(wrong.remove(name)).rejects.toThrow('SignatureDoesNotMatch');
    expect(server.objects.has(name)).toBe(true);
  });

  test('that does not exist is not a picture that does not', async () => {
    const elsewhere = createS3Storage({ ...server.settings, bucket: 'nowhere' });
    await expect(elsewhere.get(newAvatarName())).rejects.toThrow('NoSuchBucket');
  });

  test('is asked twice when a call fails, and not more often', async () => {
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

  test('that never answers is given up', async () => {
    const storage = createS3Storage(server.settings, 300);
    server.setBehavior('hang');
    await Promise.all([
      expect(storage.put(newAvatarName(), Buffer.from('x'), 'image/webp')).rejects.toThrow(),
      expect(storage.get(newAvatarName())).rejects.toThrow(),
      expect(storage.remove(newAvatarName())).rejects.toThrow(),
    ]);
  });
});
