import { addAbortSignal, type Readable } from 'node:stream';
import { AppError } from '@clientela/errors';
import { createConcurrencyLimiter } from '@clientela/runtime';
import { tooManyUploads } from './image.ts';

export const maxFileBytes = 1024 * 1024;

/** Bounds the number of files in memory. */
export const uploadLimiter = createConcurrencyLimiter({ concurrency: 32, maxQueued: 0, rejection: tooManyUploads });

/** @throws AppError 413 for a file longer than `maxFileBytes`, 408 when it does not arrive in time */
export async function readUpload(stream: Readable, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of addAbortSignal(signal, stream) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxFileBytes)
        throw new AppError('too_large', { detail: `The file must have at most ${maxFileBytes} bytes` });
      chunks.push(chunk);
    }
  } catch (error) {
    if (signal.aborted) throw new AppError('request_timeout', { detail: 'The upload was too slow', cause: error });
    throw error;
  }
  return Buffer.concat(chunks, size);
}
