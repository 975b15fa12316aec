import { randomFillSync } from 'node:crypto';
import { v7, validate } from 'uuid';

const bytesOfOne = 16;
/** Random bytes for many ids: to ask the system for those of each costs more than the rest of an id. */
const randomBytes = new Uint8Array(256 * bytesOfOne);
const random = new DataView(randomBytes.buffer);
let position = randomBytes.length;
let msecs = 0;
let seq = 0;

/**
 * Generates a UUIDv7 (RFC 9562, a counter after the time: section 6.2, method 1): ids grow with time and within a millisecond, which keeps
 * primary key indexes compact.
 */
export function newId(): string {
  if (position === randomBytes.length) {
    randomFillSync(randomBytes);
    position = 0;
  }
  const now = Date.now();
  if (now > msecs) {
    msecs = now;
    seq = random.getUint32(position) >>> 1; // half of what it may be, so that it can be counted up
  } else seq += 1;
  const bytes = randomBytes.subarray(position, position + bytesOfOne);
  position += bytesOfOne;
  return v7({ random: bytes, msecs, seq });
}

/** Whether a text is a well-formed UUID of any version of RFC 9562. */
export const isUuid = (text: string): boolean => validate(text);
