import { totpCode } from '@clientela/testing';
import pg from 'pg';
import type { AccessSetup, SignedInUser } from './access-setup.ts';

/** A colleague with an authenticator app, and its stored secret. */
type Colleague = { user: SignedInUser; secret: string; sealed_secret: Buffer };

const colleagues = new WeakMap<AccessSetup, Promise<Colleague>>();

async function createColleague({ createUser, fleet }: AccessSetup): Promise<Colleague> {
  const user = await createUser('viewer');
  const { body } = await user.post('/auth/mfa/totp', { current_password: user.password });
  const { rows } = await query(
    fleet.databases.auth.ownerUrl,
    'select sealed_secret from totp_secrets where user_id = $1',
    [user.user.id],
  );
  return { user, secret: body.secret, sealed_secret: rows[0].sealed_secret };
}

async function query(connectionString: string, sql: string, values: unknown[]): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return await client.query(sql, values);
  } finally {
    await client.end();
  }
}

/**
 * Puts the second factor of one colleague into a state in which every code is good again. Cheaper than a new user for each request.
 * @returns the colleague, and the token of a sign-in of theirs that waits
 */
export async function prepareFactor(
  setup: AccessSetup,
  state: 'pending' | 'enabled',
): Promise<Pick<Colleague, 'user' | 'secret'> & { mfa_token: string }> {
  const created = colleagues.get(setup) ?? createColleague(setup);
  colleagues.set(setup, created);
  const { user, secret, sealed_secret } = await created;
  const mfa_token = crypto.randomUUID();
  await query(
    setup.fleet.databases.auth.ownerUrl,
    `with secret as (
       insert into totp_secrets (user_id, sealed_secret, expires_at)
       values ($1, $2, case when $3 then null else now() + interval '1 hour' end)
       on conflict (user_id) do update set sealed_secret = $2, expires_at = excluded.expires_at, last_step = 0),
     challenge as (insert into mfa_challenges (user_id, token_hash) values ($1, sha256($4)))
     update users set mfa_since = case when $3 then now() end where id = $1`,
    [user.user.id, sealed_secret, state === 'enabled', Buffer.from(mfa_token)],
  );
  return { user, secret, mfa_token };
}

export const factorCode = (secret: string): string => totpCode(secret, Date.now());
