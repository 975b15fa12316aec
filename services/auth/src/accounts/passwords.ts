import { randomBytes } from 'node:crypto';
import { unavailable } from '@clientela/errors';
import { createConcurrencyLimiter } from '@clientela/runtime';
import { hash, verify, type Options } from '@node-rs/argon2';
import { verify as verifyBcrypt } from '@node-rs/bcrypt';

/** `rehashed`: the argon2id hash to store from now on, when a correct password still had a bcrypt hash. */
export type PasswordCheck = { isValid: boolean; rehashed?: string };

/** Hashes and verifies passwords, a few at a time, because each costs memory and CPU on purpose. */
export type Passwords = {
  /** @throws AppError 503 when too many requests are waiting */
  hash: (password: string, signal?: AbortSignal) => Promise<string>;
  /**
   * Compares a password with a hash. Without a hash it fails after the same work, so that timing reveals nothing.
   * @param find loads the hash; called only once the limiter admits the request, so that waiting holds no connection
   * @throws AppError 503 when too many requests are waiting
   */
  verify: (password: string, find: () => Promise<string | undefined>, signal?: AbortSignal) => Promise<PasswordCheck>;
};

/** The cost of argon2id: memory in KiB, passes, lanes. */
export type HashingCost = Required<Pick<Options, 'memoryCost' | 'timeCost' | 'parallelism'>>;

/** OWASP's parameters for argon2id, the library's default variant. */
const productionCost: HashingCost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Applies NFKC, as NIST SP 800-63B advises, so that every keyboard produces the same password. */
const normalize = (password: string) => password.normalize('NFKC');

/** Recognizes the bcrypt hashes of imported users, by each of their prefixes. */
const isBcrypt = (hashed: string) => /^\$2[aby]\$/.test(hashed);

export const generatePassword = (): string => randomBytes(18).toString('base64url');

/** Of routes that hash a password: the whole time includes the wait for a place. */
export const passwordDeadlines = { deadline: 15_000, maxSilence: 5000 };

/** Work that waits for longer could not end within the deadline. As many as two cores hash in that time may wait. */
export const passwordLimits = { concurrency: 2, maxQueued: 1000, queueTimeoutMs: 12_000 };

/** @param options.cost of new hashes; a stored hash is verified with the cost it was created with */
export function createPasswords({ cost = productionCost, limits = passwordLimits } = {}): Passwords {
  const limit = createConcurrencyLimiter({
    ...limits,
    rejection: () => unavailable('Too many concurrent sign-ins; retry in 5 s', { retryAfter: 5 }),
  });
  const hashNormalized = (password: string) => hash(normalize(password), cost);
  const dummyHash = hash(generatePassword(), cost);

  /** Also tries the password as typed, because the system it comes from did not normalize it. */
  const checkBcrypt = async (password: string, hashed: string): Promise<PasswordCheck> => {
    const spellings = new Set([password, normalize(password)]);
    for (const spelling of spellings) {
      if (await verifyBcrypt(spelling, hashed)) return { isValid: true, rehashed: await hashNormalized(password) };
    }
    return { isValid: false };
  };
  const check = async (password: string, hashed: string | undefined): Promise<PasswordCheck> => {
    if (hashed !== undefined && isBcrypt(hashed)) return checkBcrypt(password, hashed);
    const isValid = await verify(hashed ?? (await dummyHash), normalize(password));
    return { isValid: isValid && hashed !== undefined };
  };
  return {
    hash: (password, signal) => limit(() => hashNormalized(password), signal),
    verify: (password, find, signal) => limit(async () => check(password, await find()), signal),
  };
}
