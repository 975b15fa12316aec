import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { AppError, unavailable } from '@clientela/errors';
import type { FormUpload } from '@clientela/http';
import type { ImportStorage } from './settings.ts';

/** Uploads in progress, of one company and of all: each holds a connection and may take an hour. */
const maxPerCompany = 3;
const maxUploads = 24;
/** Free bytes that an upload leaves on the disk, which the database may share. */
const reservedBytes = 256 * 1024 ** 2;
const bytesBetweenChecks = 32 * 1024 ** 2;
/** Longer than the gateway lets a client stall: a file without an import that is older belongs to nobody. */
const orphanAge = 10 * 60_000; // milliseconds

const isStorageName = (name: string): boolean => /^[0-9a-f]{32}$/.test(name);

/** Returns the path of a stored upload. The name is random, and the folder of a company readable for its owner only. */
export function uploadPath({ folder }: ImportStorage, company_id: string, name: string): string {
  if (!isStorageName(name)) throw new Error('Invalid upload name');
  return join(folder, company_id, name);
}

/** The records of an upload without those of erased people; it replaces the upload. */
export const recordsPath = (storage: ImportStorage, company_id: string, name: string): string =>
  `${uploadPath(storage, company_id, name)}.records`;

const inProgress = new Map<string, number>();

/**
 * Stores an uploaded file under a random name, mode 0600, and flushes it to the disk. Memory stays bounded by the streams' buffers.
 * @returns the name
 * @throws AppError 413 beyond the limit, 429 with too many uploads at once, 503 when the disk is full; the partial file is removed
 */
export async function storeUpload(
  storage: ImportStorage,
  company_id: string,
  upload: FormUpload,
  signal: AbortSignal,
): Promise<string> {
  const { content_length = 0 } = upload;
  const ofCompany = inProgress.get(company_id) ?? 0;
  const ofAll = [...inProgress.values()].reduce((sum, uploads) => sum + uploads, 0);
  if (ofCompany >= maxPerCompany || ofAll >= maxUploads) throw tooManyUploads();
  if (content_length > storage.maxBytes + maxFraming) throw tooLarge(storage);
  const name = randomBytes(16).toString('hex');
  const path = uploadPath(storage, company_id, name);
  inProgress.set(company_id, ofCompany + 1);
  try {
    await mkdir(join(storage.folder, company_id), { recursive: true, mode: 0o700 });
    await assertSpace(storage, content_length);
    // Opens the file before the stream: a stream that fails at once may create its file after it was removed below.
    const file = (await open(path, 'wx', 0o600)).createWriteStream({ flush: true });
    await pipeline(upload.stream, (chunks) => bounded(storage, chunks as AsyncIterable<Buffer>), file, { signal });
    await upload.fields(); // the rest of the form
    return name;
  } catch (error) {
    await rm(path, { force: true }).catch(() => {}); // else the cleanup finds it
    throw toUploadError(error, signal);
  } finally {
    const left = (inProgress.get(company_id) ?? 1) - 1;
    if (left > 0) inProgress.set(company_id, left);
    else inProgress.delete(company_id);
  }
}

/** Boundaries and fields around the file. */
const maxFraming = 300 * 1024; // bytes

/** Passes chunks on up to the limit. Looks at the free space from time to time. */
async function* bounded(storage: ImportStorage, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let total = 0;
  let unchecked = 0;
  for await (const chunk of chunks) {
    total += chunk.length;
    unchecked += chunk.length;
    if (total > storage.maxBytes) throw tooLarge(storage);
    if (unchecked > bytesBetweenChecks) {
      await assertSpace(storage, 0);
      unchecked = 0;
    }
    yield chunk;
  }
}

async function assertSpace({ folder }: ImportStorage, needed: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < needed + reservedBytes) throw storageFull();
}

const tooLarge = ({ maxBytes }: ImportStorage) =>
  new AppError('too_large', { detail: `The file must have at most ${maxBytes} bytes` });
const tooManyUploads = () =>
  new AppError('rate_limited', {
    error_code: 'TOO_MANY_AT_ONCE',
    detail: `Too many uploads at once; at most ${maxPerCompany} per company`,
    headers: { 'Retry-After': '10' },
  });
const storageFull = (cause?: unknown) =>
  unavailable('There is not enough disk space for the file', {
    error_code: 'IMPORT_STORAGE_FULL',
    retryAfter: 600,
    cause,
  });

function toUploadError(error: unknown, signal: AbortSignal): unknown {
  if (error instanceof AppError) return error;
  if (signal.aborted) return new AppError('request_timeout', { detail: 'The upload was interrupted', cause: error });
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') return storageFull(error);
  return unavailable('The storage of imports is unavailable', { cause: error });
}

/** Removes a stored upload and what an erasure made of it. Succeeds when they are gone. */
export async function removeUpload(storage: ImportStorage, company_id: string, name: string): Promise<void> {
  const records = recordsPath(storage, company_id, name);
  for (const path of [uploadPath(storage, company_id, name), records, `${records}.part`])
    await rm(path, { force: true });
}

/** Lists stored uploads that were last written long ago, by company. */
export async function* listOldUploads({ folder }: ImportStorage): AsyncGenerator<{ company_id: string; name: string }> {
  for (const company_id of await readdir(folder)) {
    for (const entry of await readdir(join(folder, company_id)).catch((): string[] => [])) {
      const [name = ''] = entry.split('.');
      if (!isStorageName(name)) continue;
      const found = await stat(join(folder, company_id, entry)).catch(() => undefined);
      if (found && found.mtimeMs < Date.now() - orphanAge) yield { company_id, name };
    }
  }
}
