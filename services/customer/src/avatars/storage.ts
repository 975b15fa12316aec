import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';

/**
 * Where pictures are kept. It knows names and bytes and nothing of customers. Each call ends within seconds, and throws what is the matter
 * when the storage is away.
 */
export type AvatarStorage = {
  /** Keeps bytes durably before it returns. */
  put: (name: string, bytes: Buffer, type: string) => Promise<void>;
  /** @returns undefined when there is none; `size` in bytes */
  get: (name: string) => Promise<{ stream: Readable; size: number } | undefined>;
  /** Removes it with what an interrupted `put` left of it. One that is not there is none to remove. */
  remove: (name: string) => Promise<void>;
};

/** 128 random bits: a name that nobody guesses is what protects a picture. */
export const newAvatarName = (): string => `${randomBytes(16).toString('hex')}.webp`;
export const isAvatarName = (text: string): boolean => /^[0-9a-f]{32}\.webp$/.test(text);
