import { randomBytes, randomUUID } from 'node:crypto';
import { testService, type Caller, type TestService } from '@clientela/testing';
import { createPasswords, type Passwords } from './accounts/passwords.ts';
import type { User } from './accounts/schema.ts';
import { createApp } from './app.ts';
import { openSigningKey, type SigningKey } from './keys/signing-key.ts';
import { tokenIssuer, type IssueToken } from './sessions/access-token.ts';

export const newSecret = () => randomBytes(32).toString('base64url');

export type AuthUnderTest = TestService & {
  secret: string;
  /** Registers somebody new, as the first user of a new company. */
  registered: (body?: object) => Promise<{ user: User; email: string; password: string; caller: Caller }>;
};

/** The auth service on a database of its own, with its signing key made as main.ts does. */
export async function authUnderTest(options: { pool?: number; passwords?: Passwords } = {}): Promise<AuthUnderTest> {
  const secret = newSecret();
  let key: Promise<SigningKey> | undefined;
  let issue: IssueToken | undefined;
  const passwords = options.passwords ?? createPasswords();
  const service = await testService(
    'auth',
    (parts) => {
      key = openSigningKey(parts.db, secret);
      const issue_token: IssueToken = (bearer) => (issue as IssueToken)(bearer);
      return createApp({ ...parts, passwords, issue_token, defaults: { country: 'ES', currency: 'EUR' } });
    },
    options,
  );
  issue = tokenIssuer((await key) as SigningKey, 15);

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
      const answer = await service.nobody().post('/auth/register', given).expect(201);
      const user = answer.body.user as User;
      return { ...given, user, caller: service.user(user.role, { id: user.business_id ?? '' }, user.id) };
    },
  };
}
