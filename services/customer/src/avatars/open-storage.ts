import { mkdir } from 'node:fs/promises';
import type { AvatarSettings } from '@clientela/runtime';
import { createS3Storage } from './s3-storage.ts';
import { createDiskStorage } from './disk-storage.ts';
import type { AvatarStorage } from './storage.ts';

/** The storage that the settings name. A bucket is not asked for anything yet: it may be away now and there later. */
export async function openStorage(given: AvatarSettings): Promise<AvatarStorage> {
  if (given.AVATARS_FOLDER === undefined) {
    return createS3Storage({
      bucket: given.AVATARS_S3_BUCKET ?? '',
      region: given.AVATARS_S3_REGION ?? '',
      endpoint: given.AVATARS_S3_ENDPOINT,
      access_key_id: given.AVATARS_S3_ACCESS_KEY_ID ?? '',
      secret_access_key: given.AVATARS_S3_SECRET_ACCESS_KEY ?? '',
    });
  }
  await mkdir(given.AVATARS_FOLDER, { recursive: true, mode: 0o700 });
  return createDiskStorage(given.AVATARS_FOLDER);
}
