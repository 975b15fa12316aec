import { addAbortSignal, type Readable } from 'node:stream';
import { AppError } from '@clientela/errors';
import { turnstile } from './turnstile.ts';

/** The largest file, in bytes. */
export const most_bytes = 1024 * 1024;

/** So many are in memory at most, from their first byte to the storage. */
export const receiving = turnstile({ places: 32, waiting: 0, patience: 0 });

/** @throws AppError 413 when it is longer than `most_bytes`, 408 when it does not come in time */
export async function bytesOf(stream: Readable, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of addAbortSignal(signal, stream) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > most_bytes)
        throw new AppError('too_large', { detail: `The file may have at most ${most_bytes} bytes` });
      chunks.push(chunk);
    }
  } catch (error) {
    if (signal.aborted) throw new AppError('request_timeout', { detail: 'The file came too slowly', cause: error });
    throw error;
  }
  return Buffer.concat(chunks, size);
}
