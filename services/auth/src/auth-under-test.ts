import { randomBytes, randomUUID } from 'node:crypto';
import { createCursors, type ServiceClient } from '@clientela/http';
import { testService, type TestUser, type TestService } from '@clientela/testing';
import { createPasswords, type Passwords } from './accounts/passwords.ts';
import type { MakeProfile } from './accounts/profiles.ts';
import type { User } from './accounts/schema.ts';
import { createApp } from './app.ts';
import { openSigningKeys, sharedKey, type SigningKeys } from './keys/signing-key.ts';
import { receiptKeys } from './receipts/receipt-key.ts';
import { tokenIssuer, type IssueToken } from './sessions/access-token.ts';
import { refreshTokens } from './sessions/refresh-token.ts';

export const newSecret = () => randomBytes(32).toString('base64url');

export type AuthUnderTest = TestService & {
  secret: string;
  /** Registers somebody new, as the first user of a new company. */
  registered: (body?: object) => Promise<{ user: User; email: string; password: string; caller: TestUser }>;
};

/** The auth service on a database of its own, with its signing key made as main.ts does. */
export async function authUnderTest(
  options: {
    pool?: number;
    passwords?: Passwords;
    make_profile?: MakeProfile;
    secret?: string;
    services?: readonly ServiceClient[];
    /** Tokens by HS256. */
    shared_secret?: string;
  } = {},
): Promise<AuthUnderTest> {
  const secret = options.secret ?? newSecret();
  const shared = options.shared_secret === undefined ? undefined : sharedKey(options.shared_secret);
  let keys: Promise<SigningKeys> | undefined;
  let issue: IssueToken | undefined;
  const passwords = options.passwords ?? createPasswords();
  const service = await testService(
    'auth',
    (parts) => {
      keys = openSigningKeys(parts.db, secret);
      const issue_token: IssueToken = (bearer) => (issue as IssueToken)(bearer);
      return createApp({
        ...parts,
        passwords,
        tokens: { algorithm: shared ? 'HS256' : 'ES256', minutes: 15 },
        issue_token,
        receipt_keys: receiptKeys(secret),
        sessions: { refresh: refreshTokens(secret), days: 30 },
        defaults: { country: 'ES', currency: 'EUR' },
        make_profile: options.make_profile ?? (async () => {}),
        cursors: createCursors(secret),
        services: options.services ?? [],
      });
    },
    options,
  );
  const { current } = (await keys) as SigningKeys;
  issue = tokenIssuer(() => shared ?? current(), 15);

  return {
    ...service,
    secret,
    registered: async (body = {}) => {
      const given = {
        email: `${randomUUID()}@example.com`,
        password: `pass-${randomUUID()}`,
        name: 'Ana Perez',
        ...body,
      };
      const answer = await service.anonymous().post('/auth/register', given).expect(201);
      const user = answer.body.user as User;
      return { ...given, user, caller: service.user(user.role, { id: user.business_id ?? '' }, user.id) };
    },
  };
}
