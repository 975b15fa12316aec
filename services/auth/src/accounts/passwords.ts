import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import { verify as verifyBcrypt } from '@node-rs/bcrypt';
import { queue } from './queue.ts';

/** `renewed`: the hash to keep from now on, when the one that was right is of an older kind. */
export type Verdict = { right: boolean; renewed?: string };

/** Hashes and verifies passwords: costly on purpose, so a few at a time. */
export type Passwords = {
  /** @throws AppError 503 when too many wait already */
  hash: (password: string, signal?: AbortSignal) => Promise<string>;
  /**
   * Whether a password is the one of a hash. Without a hash the answer is no, after the same work.
   * @param find looks the hash up; asked when it is this password's turn, so that who waits holds no connection
   * @throws AppError 503 when too many wait already
   */
  verify: (password: string, find: () => Promise<string | undefined>, signal?: AbortSignal) => Promise<Verdict>;
};

// argon2id (the library's default) with OWASP's parameters: memory in KiB, passes, lanes.
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** The same password from every keyboard: NFKC, as NIST SP 800-63B advises. */
const normal = (password: string) => password.normalize('NFKC');

/** Hashes that imported users bring: bcrypt under each of its names. */
const isBcrypt = (hashed: string) => /^\$2[aby]\$/.test(hashed);

export const newPassword = (): string => randomBytes(18).toString('base64url');

// So many that 200 people who sign in at one moment all get their turn; the gateway gives these doors 15 s.
const usual = { at_once: 2, waiting: 200, patience: 10_000 };

export function createPasswords(limits = usual): Passwords {
  const inTurn = queue(limits);
  const nobodys = hash(newPassword(), cost);

  /** Where it came from, nobody had brought the password into one spelling: it is tried as it was typed, too. */
  const judgeBcrypt = async (password: string, hashed: string): Promise<Verdict> => {
    const spellings = new Set([password, normal(password)]);
    for (const spelling of spellings) {
      if (await verifyBcrypt(spelling, hashed)) return { right: true, renewed: await hash(normal(password), cost) };
    }
    return { right: false };
  };
  const judge = async (password: string, hashed: string | undefined): Promise<Verdict> => {
    if (hashed !== undefined && isBcrypt(hashed)) return judgeBcrypt(password, hashed);
    const right = await verify(hashed ?? (await nobodys), normal(password));
    return { right: right && hashed !== undefined };
  };
  return {
    hash: (password, signal) => inTurn(() => hash(normal(password), cost), signal),
    verify: (password, find, signal) => inTurn(async () => judge(password, await find()), signal),
  };
}
