import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EnvironmentError, readEnvironment } from '@clientela/runtime';
import { expect, test } from 'vitest';
import { Config } from '../config.ts';
import { newAvatarName } from './storage.ts';
import { openStorage } from './open-storage.ts';

const settingErrors = (env: NodeJS.ProcessEnv): string[] => {
  try {
    readEnvironment(Config, env);
    return [];
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    return error.message.split('\n').filter((line) => line.includes('AVATARS'));
  }
};
const bucket = {
  AVATARS_S3_BUCKET: 'pictures',
  AVATARS_S3_REGION: 'eu',
  AVATARS_S3_ACCESS_KEY_ID: 'id',
  AVATARS_S3_SECRET_ACCESS_KEY: 'the-secret',
};

test('requires either a folder or a complete bucket, and reports all errors together', () => {
  expect(settingErrors({})).toEqual(['  AVATARS_FOLDER: is missing']);
  expect(settingErrors({ AVATARS_FOLDER: '/pictures' })).toEqual([]);
  expect(settingErrors(bucket)).toEqual([]);
  expect(settingErrors({ ...bucket, AVATARS_S3_ENDPOINT: 'http://127.0.0.1:9000' })).toEqual([]);
  expect(settingErrors({ ...bucket, AVATARS_FOLDER: '/pictures' })).toEqual([
    '  AVATARS_FOLDER: set either a folder or a bucket (AVATARS_S3_…), not both',
  ]);
  expect(settingErrors({ AVATARS_S3_BUCKET: 'pictures', AVATARS_S3_ENDPOINT: 'http://user:word@host' })).toEqual([
    '  AVATARS_S3_ENDPOINT: must not contain a user or password',
    '  AVATARS_S3_REGION: is missing',
    '  AVATARS_S3_ACCESS_KEY_ID: is missing',
    '  AVATARS_S3_SECRET_ACCESS_KEY: is missing',
  ]);
  expect(settingErrors({ AVATARS_FOLDER: 'pictures' })).toEqual(['  AVATARS_FOLDER: must be an absolute path']);
});

test('creates the configured folder with access for its owner only', async () => {
  const above = mkdtempSync(join(tmpdir(), 'clientela-open-storage-'));
  const folder = join(above, 'data', 'pictures');
  const storage = await openStorage({ AVATARS_FOLDER: folder });
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  const name = newAvatarName();
  await storage.put(name, Buffer.from('x'), 'image/webp');
  expect(statSync(join(folder, name.slice(0, 2), name)).isFile()).toBe(true);
  rmSync(above, { recursive: true });
});
