import { Readable } from 'node:stream';
import { isAvatarName, type AvatarStorage } from './storage.ts';

export type S3Settings = {
  bucket: string;
  region: string;
  /** URL of an S3-compatible server; omitted: Amazon S3. */
  endpoint?: string | undefined;
  access_key_id: string;
  secret_access_key: string;
};

/**
 * Stores avatars as objects of a bucket. Only this service needs access to it.
 * @param timeout milliseconds for one call with its retry, and for a pause in the response
 */
export function createS3Storage(settings: S3Settings, timeout = 5000): AvatarStorage {
  const { bucket, region, endpoint, access_key_id, secret_access_key } = settings;
  let opened: ReturnType<typeof open> | undefined;
  const open = async () => {
    const s3 = await import('@aws-sdk/client-s3'); // loaded on first use, because it takes 100 ms
    const client = new s3.S3Client({
      region,
      credentials: { accessKeyId: access_key_id, secretAccessKey: secret_access_key },
      // Self-hosted servers rarely have a host name for each bucket.
      ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
      maxAttempts: 2,
      requestHandler: { connectionTimeout: 1000, socketTimeout: timeout },
      // Many S3-compatible servers do not know Amazon's newer checksums.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
    return { s3, client };
  };
  const withTimeout = () => ({ abortSignal: AbortSignal.timeout(timeout) });
  const keyOf = (name: string) => {
    if (!isAvatarName(name)) throw new Error('Invalid avatar name');
    return { Bucket: bucket, Key: name };
  };

  return {
    put: async (name, bytes, type) => {
      const { s3, client } = await (opened ??= open());
      await client.send(new s3.PutObjectCommand({ ...keyOf(name), Body: bytes, ContentType: type }), withTimeout());
    },

    get: async (name) => {
      const { s3, client } = await (opened ??= open());
      try {
        const { Body, ContentLength } = await client.send(new s3.GetObjectCommand(keyOf(name)), withTimeout());
        if (!(Body instanceof Readable) || ContentLength === undefined)
          throw new Error('The storage returned no object');
        return { stream: Body, size: ContentLength };
      } catch (error) {
        if (error instanceof s3.NoSuchKey) return undefined;
        throw error;
      }
    },

    remove: async (name) => {
      const { s3, client } = await (opened ??= open());
      await client.send(new s3.DeleteObjectCommand(keyOf(name)), withTimeout());
    },
  };
}
