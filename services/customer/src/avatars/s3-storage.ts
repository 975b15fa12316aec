import { Readable } from 'node:stream';
import { isAvatarName, type AvatarStorage } from './storage.ts';

export type S3Settings = {
  bucket: string;
  region: string;
  /** Of any S3-compatible server; left out: Amazon's own. */
  endpoint?: string | undefined;
  access_key_id: string;
  secret_access_key: string;
};

/**
 * Keeps pictures as objects of a bucket of their own. Nobody but this service need be able to read it.
 * @param timeout milliseconds for one call with its repetition, and for a pause in what comes
 */
export function createS3Storage(settings: S3Settings, timeout = 5000): AvatarStorage {
  const { bucket, region, endpoint, access_key_id, secret_access_key } = settings;
  let opened: ReturnType<typeof open> | undefined;
  const open = async () => {
    const s3 = await import('@aws-sdk/client-s3'); // when it is first needed: loading it takes a tenth of a second
    const client = new s3.S3Client({
      region,
      credentials: { accessKeyId: access_key_id, secretAccessKey: secret_access_key },
      // Servers of one's own seldom have a host name for each bucket.
      ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
      maxAttempts: 2,
      requestHandler: { connectionTimeout: 1000, socketTimeout: timeout },
      // The checksums that Amazon has added since are unknown to many others.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
    return { s3, client };
  };
  const inTime = () => ({ abortSignal: AbortSignal.timeout(timeout) });
  const at = (name: string) => {
    if (!isAvatarName(name)) throw new Error('that is no name of a picture');
    return { Bucket: bucket, Key: name };
  };

  return {
    put: async (name, bytes, type) => {
      const { s3, client } = await (opened ??= open());
      await client.send(new s3.PutObjectCommand({ ...at(name), Body: bytes, ContentType: type }), inTime());
    },

    get: async (name) => {
      const { s3, client } = await (opened ??= open());
      try {
        const { Body, ContentLength } = await client.send(new s3.GetObjectCommand(at(name)), inTime());
        if (!(Body instanceof Readable) || ContentLength === undefined) throw new Error('the storage sent no object');
        return { stream: Body, size: ContentLength };
      } catch (error) {
        if (error instanceof s3.NoSuchKey) return undefined;
        throw error;
      }
    },

    remove: async (name) => {
      const { s3, client } = await (opened ??= open());
      await client.send(new s3.DeleteObjectCommand(at(name)), inTime());
    },
  };
}
