import { mkdir } from 'node:fs/promises';
import type { AvatarSettings } from './settings.ts';
import { createS3Storage } from './s3-storage.ts';
import { createDiskStorage } from './disk-storage.ts';
import type { AvatarStorage } from './storage.ts';

/** Opens the configured storage. A bucket is not contacted yet, because it may become available later. */
export async function openStorage(settings: AvatarSettings): Promise<AvatarStorage> {
  if (settings.AVATARS_FOLDER === undefined) {
    return createS3Storage({
      bucket: settings.AVATARS_S3_BUCKET ?? '',
      region: settings.AVATARS_S3_REGION ?? '',
      endpoint: settings.AVATARS_S3_ENDPOINT,
      access_key_id: settings.AVATARS_S3_ACCESS_KEY_ID ?? '',
      secret_access_key: settings.AVATARS_S3_SECRET_ACCESS_KEY ?? '',
    });
  }
  await mkdir(settings.AVATARS_FOLDER, { recursive: true, mode: 0o700 });
  return createDiskStorage(settings.AVATARS_FOLDER);
}
