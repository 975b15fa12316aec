import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';

/** Stores avatar files by name. Every call ends within seconds and throws when the storage is unavailable. */
export type AvatarStorage = {
  /** Stores bytes durably before it returns. */
  put: (name: string, bytes: Buffer, type: string) => Promise<void>;
  /** @returns undefined for an unknown name; `size` in bytes */
  get: (name: string) => Promise<{ stream: Readable; size: number } | undefined>;
  /** Removes the file and the leftovers of an interrupted `put`. Succeeds for an unknown name. */
  remove: (name: string) => Promise<void>;
};

/** Creates a name of 128 random bits; an avatar is protected by its unguessable name. */
export const newAvatarName = (): string => `${randomBytes(16).toString('hex')}.webp`;
export const isAvatarName = (text: string): boolean => /^[0-9a-f]{32}\.webp$/.test(text);
