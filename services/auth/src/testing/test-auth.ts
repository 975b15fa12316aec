import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isUuid, type Db } from '@clientela/db';
import { createCursors, type ServiceClient } from '@clientela/http';
import { testService, type TestService, type TestUser } from '@clientela/testing';
import type { CreateProfile } from '../accounts/customer-profiles.ts';
import { createPasswords, type HashingCost, type Passwords } from '../accounts/passwords.ts';
import type { User } from '../accounts/schema.ts';
import { createApp } from '../app.ts';
import { createAttempts } from '../identities/attempt.ts';
import type { Oidc } from '../identities/routes.ts';
import { hs256Key, loadSigningKeys, type SigningKeys } from '../keys/signing-key.ts';
import { createMails, type Mails } from '../mails/outbox.ts';
import { createReceiptKeyLoader } from '../receipts/receipt-key.ts';
import { createSecondFactors } from '../second-factors/codes.ts';
import { createTokenIssuer, type IssueToken } from '../sessions/access-token.ts';
import { createRefreshTokens } from '../sessions/refresh-token.ts';

/** The lowest cost that argon2id allows, for tests that do not measure hashing. */
export const testHashingCost: HashingCost = { memoryCost: 8, timeCost: 1, parallelism: 1 };

export const generateSecret = () => randomBytes(32).toString('base64url');

/** A registered user, the first of a new company; `client` sends its requests. */
export type RegisteredUser = { user: User; email: string; password: string; client: TestUser };

export type TestAuth = TestService & {
  secret: string;
  mails: Mails;
  register: (body?: object) => Promise<RegisteredUser>;
};

const noCustomerService = { service: 'customer', get: async () => undefined } as unknown as ServiceClient;

/** Creates the auth service with a database and a signing key of its own. */
export async function createTestAuth(
  options: {
    pool?: number;
    passwords?: Passwords;
    createProfile?: CreateProfile;
    secret?: string;
    services?: readonly ServiceClient[];
    /** Client of the customer service; by default it has no changes of anybody. */
    customer?: ServiceClient;
    /** Signs tokens by HS256 with this secret. */
    sharedSecret?: string;
    /** Whether mails can be sent; default true. */
    hasMail?: boolean;
    requireVerifiedEmail?: boolean;
    /** The providers of sign-ins; none by default. */
    providers?: Oidc['providers'];
    publicUrl?: string;
    /** The clock that judges the codes of authenticator apps, in milliseconds. */
    now?: () => number;
  } = {},
): Promise<TestAuth> {
  const secret = options.secret ?? generateSecret();
  const sharedKey = options.sharedSecret === undefined ? undefined : hs256Key(options.sharedSecret);
  let keys: Promise<SigningKeys> | undefined;
  let issue: IssueToken | undefined;
  const passwords = options.passwords ?? createPasswords({ cost: testHashingCost });
  const mails = createMails(secret, options.hasMail ?? true);
  const publicUrl = options.publicUrl ?? 'https://crm.example.com';
  const actors: TestActors = new Map();
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
        maxKeyRate: 600,
        services: options.services ?? [],
        customer: options.customer ?? noCustomerService,
        mails,
        secondFactors: createSecondFactors(secret, options.now),
        requireVerifiedEmail: options.requireVerifiedEmail ?? false,
        oidc: {
          providers: options.providers ?? [],
          attempts: createAttempts(secret, publicUrl.startsWith('https:')),
          publicUrl,
        },
      });
    },
    { ...options, beforeRequest: (request, db) => storeActor(db, actors, request) },
  );
  const userOf: TestService['user'] = (role, company, user_id) => {
    const client = service.user(role, company, user_id);
    if (!actors.has(client.user_id))
      actors.set(client.user_id, { isMadeUp: user_id === undefined, sessions: new Map() });
    return client;
  };
  const { current } = (await keys) as SigningKeys;
  issue = createTokenIssuer(() => sharedKey ?? current(), 15);

  return {
    ...service,
    user: userOf,
    secret,
    mails,
    register: async (body = {}) => {
      const input = {
        email: `${randomUUID()}@example.com`,
        password: `pass-${randomUUID()}`,
        name: 'Ana Perez',
        ...body,
      };
      const response = await service.anonymous().post('/auth/register', input).expect(201);
      const user = response.body.user as User;
      return { ...input, user, client: userOf(user.role, { id: user.business_id ?? '' }, user.id) };
    },
  };
}

/** The users of a test, with the sessions that were stored for them. */
type TestActors = Map<string, { isMadeUp: boolean; sessions: Map<string, Promise<void>> }>;

/** Stores what the service checks of the actor of a change: once the session in its headers, and a made-up admin or superuser. */
async function storeActor(db: Db, actors: TestActors, { method, headers }: IncomingMessage): Promise<void> {
  const [id = '', role = '', company_id = null, session = ''] = [
    'x-user-id',
    'x-user-role',
    'x-company-id',
    'x-session-id',
  ].map((name) => headers[name] as string | undefined);
  const actor = actors.get(id);
  if (method === 'GET' || !actor || !isUuid(session)) return;
  const store = async () => {
    const username = `test-${id}`;
    const isMadeUp = actor.isMadeUp && actor.sessions.size === 1 && ['admin', 'superuser'].includes(role);
    if (isMadeUp)
      await db.raw(
        `insert into users (id, company_id, role, username, email, first_name, password_hash)
         select :id, :company_id, :role, :username, :username || '@example.com', 'Test', ''
          where :role = 'superuser' or exists (select 1 from companies where id = :company_id)`,
        { id, company_id, role, username },
      );
    await db.raw(
      'insert into sessions (id, user_id) select ?, id from users where id = ? on conflict (id) do nothing',
      [session, id],
    );
  };
  if (!actor.sessions.has(session)) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    actor.sessions.set(session, promise);
    store().then(resolve, reject);
  }
  await actor.sessions.get(session);
}
