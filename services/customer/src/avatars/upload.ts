import { addAbortSignal, type Readable } from 'node:stream';
import { AppError } from '@clientela/errors';
import { createConcurrencyLimiter } from './concurrency-limiter.ts';

/** The largest file, in bytes. */
export const maxFileBytes = 1024 * 1024;

/** So many are in memory at most, from their first byte to the storage. */
export const uploadLimiter = createConcurrencyLimiter({ concurrency: 32, maxQueued: 0, queueTimeoutMs: 0 });

/** @throws AppError 413 when it is longer than `most_bytes`, 408 when it does not come in time */
export async function readUpload(stream: Readable, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of addAbortSignal(signal, stream) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxFileBytes)
        throw new AppError('too_large', { detail: `The file may have at most ${maxFileBytes} bytes` });
      chunks.push(chunk);
    }
  } catch (error) {
    if (signal.aborted) throw new AppError('request_timeout', { detail: 'The file came too slowly', cause: error });
    throw error;
  }
  return Buffer.concat(chunks, size);
}
