import { randomBytes, randomUUID } from 'node:crypto';
import { createCursors, type ServiceClient } from '@clientela/http';
import { testService, type TestService, type TestUser } from '@clientela/testing';
import type { CreateProfile } from '../accounts/customer-profiles.ts';
import { createPasswords, type HashingCost, type Passwords } from '../accounts/passwords.ts';
import type { User } from '../accounts/schema.ts';
import { createApp } from '../app.ts';
import { hs256Key, loadSigningKeys, type SigningKeys } from '../keys/signing-key.ts';
import { createReceiptKeyLoader } from '../receipts/receipt-key.ts';
import { createTokenIssuer, type IssueToken } from '../sessions/access-token.ts';
import { createRefreshTokens } from '../sessions/refresh-token.ts';

/** The lowest cost that argon2id allows, for tests that do not measure hashing. */
export const testHashingCost: HashingCost = { memoryCost: 8, timeCost: 1, parallelism: 1 };

export const generateSecret = () => randomBytes(32).toString('base64url');

/** A registered user, the first of a new company; `client` sends its requests. */
export type RegisteredUser = { user: User; email: string; password: string; client: TestUser };

export type TestAuth = TestService & {
  secret: string;
  register: (body?: object) => Promise<RegisteredUser>;
};

/** Creates the auth service with a database and a signing key of its own. */
export async function createTestAuth(
  options: {
    pool?: number;
    passwords?: Passwords;
    createProfile?: CreateProfile;
    secret?: string;
    services?: readonly ServiceClient[];
    /** Signs tokens by HS256 with this secret. */
    sharedSecret?: string;
  } = {},
): Promise<TestAuth> {
  const secret = options.secret ?? generateSecret();
  const sharedKey = options.sharedSecret === undefined ? undefined : hs256Key(options.sharedSecret);
  let keys: Promise<SigningKeys> | undefined;
  let issue: IssueToken | undefined;
  const passwords = options.passwords ?? createPasswords({ cost: testHashingCost });
  const service = await testService(
    'auth',
    (parts) => {
      keys = loadSigningKeys(parts.db, secret);
      const issueToken: IssueToken = (subject) => (issue as IssueToken)(subject);
      return createApp({
        ...parts,
        passwords,
        tokens: { algorithm: sharedKey ? 'HS256' : 'ES256', lifetimeMinutes: 15 },
        issueToken,
        loadReceiptKey: createReceiptKeyLoader(secret),
        sessions: { refreshTokens: createRefreshTokens(secret), refreshDays: 30 },
        defaults: { country: 'ES', currency: 'EUR' },
        createProfile: options.createProfile ?? (async () => {}),
        cursors: createCursors(secret),
        services: options.services ?? [],
      });
    },
    options,
  );
  const { current } = (await keys) as SigningKeys;
  issue = createTokenIssuer(() => sharedKey ?? current(), 15);

  return {
    ...service,
    secret,
    register: async (body = {}) => {
      const input = {
        email: `${randomUUID()}@example.com`,
        password: `pass-${randomUUID()}`,
        name: 'Ana Perez',
        ...body,
      };
      const response = await service.anonymous().post('/auth/register', input).expect(201);
      const user = response.body.user as User;
      return { ...input, user, client: service.user(user.role, { id: user.business_id ?? '' }, user.id) };
    },
  };
}
