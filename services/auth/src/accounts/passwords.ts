import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import { queue } from './queue.ts';

/** Hashes and verifies passwords: costly on purpose, so a few at a time. */
export type Passwords = {
  /** @throws AppError 503 when too many wait already */
  hash: (password: string, signal?: AbortSignal) => Promise<string>;
  /**
   * Whether a password is the one of a hash. Without a hash the answer is no, after the same work.
   * @throws AppError 503 when too many wait already
   */
  verify: (password: string, hashed: string | undefined, signal?: AbortSignal) => Promise<boolean>;
};

// argon2id (the library's default) with OWASP's parameters: memory in KiB, passes, lanes.
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** The same password from every keyboard: NFKC, as NIST SP 800-63B advises. */
const normal = (password: string) => password.normalize('NFKC');

export const newPassword = (): string => randomBytes(18).toString('base64url');

export function createPasswords(limits = { at_once: 2, waiting: 100, patience: 5000 }): Passwords {
  const inTurn = queue(limits);
  const nobodys = hash(newPassword(), cost);
  return {
    hash: (password, signal) => inTurn(() => hash(normal(password), cost), signal),
    verify: async (password, hashed, signal) => {
      const against = hashed ?? (await nobodys);
      const right = await inTurn(() => verify(against, normal(password)), signal);
      return right && hashed !== undefined;
    },
  };
}
