import { mkdir } from 'node:fs/promises';
import type { AvatarSettings } from '@clientela/runtime';
import { bucketStorage } from './bucket.ts';
import { folderStorage } from './folder.ts';
import type { Storage } from './storage.ts';

/** The storage that the settings name. A bucket is not asked for anything yet: it may be away now and there later. */
export async function openStorage(given: AvatarSettings): Promise<Storage> {
  if (given.AVATARS_FOLDER === undefined) {
    return bucketStorage({
      bucket: given.AVATARS_S3_BUCKET ?? '',
      region: given.AVATARS_S3_REGION ?? '',
      endpoint: given.AVATARS_S3_ENDPOINT,
      access_key_id: given.AVATARS_S3_ACCESS_KEY_ID ?? '',
      secret_access_key: given.AVATARS_S3_SECRET_ACCESS_KEY ?? '',
    });
  }
  await mkdir(given.AVATARS_FOLDER, { recursive: true, mode: 0o700 });
  return folderStorage(given.AVATARS_FOLDER);
}
