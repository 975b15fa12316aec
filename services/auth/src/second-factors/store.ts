import type { Db, Tx } from '@clientela/db';
import { generateToken, hashToken } from '../tokens/token.ts';

/** `last_step`: that of the last code that was used. */
export type StoredTotp = { sealed_secret: Buffer; last_step: number };

const setupMinutes = 10;

/** Stores a secret that a code has to confirm. @returns false when the user has a confirmed one */
export async function insertTotpSecret(tx: Tx, user_id: string, sealed_secret: Buffer): Promise<boolean> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `insert into totp_secrets as stored (user_id, sealed_secret, expires_at)
     values (:user_id, :sealed_secret, now() + make_interval(mins => :minutes))
     on conflict (user_id) do update set
       sealed_secret = excluded.sealed_secret, expires_at = excluded.expires_at, last_step = 0, created_at = now()
     where stored.expires_at is not null
     returning user_id`,
    { user_id, sealed_secret, minutes: setupMinutes },
  );
  return rows.length > 0;
}

/** Finds the secret that waits for its confirmation. */
export const findPendingTotp = async (db: Db, user_id: string): Promise<StoredTotp | undefined> =>
  db('totp_secrets').select('sealed_secret', 'last_step').where({ user_id }).whereRaw('expires_at > now()').first();

/** Finds the confirmed secret. */
export const findTotp = async (db: Db, user_id: string): Promise<StoredTotp | undefined> =>
  db('totp_secrets').select('sealed_secret', 'last_step').where({ user_id }).whereNull('expires_at').first();

/** Confirms the pending secret by the code of a step, which is used then. @returns false when there is none any more */
export const confirmTotp = async (tx: Tx, user_id: string, step: number): Promise<boolean> =>
  (await tx('totp_secrets')
    .where({ user_id })
    .whereRaw('expires_at > now()')
    .update({ expires_at: null, last_step: step })) > 0;

/** Spends the code of a step: of several uses one succeeds, and none of an earlier step. */
export const spendStep = async (tx: Tx, user_id: string, step: number): Promise<boolean> =>
  (await tx('totp_secrets')
    .where({ user_id })
    .whereNull('expires_at')
    .where('last_step', '<', step)
    .update({ last_step: step })) > 0;

/** Turns the factor on for sign-in. */
export const setFactor = (tx: Tx, user_id: string): Promise<number> =>
  tx('users').where({ id: user_id }).update({ mfa_since: tx.fn.now() });

/** Deletes a user's factor, its recovery codes, and sign-ins that wait for it. */
export async function deleteFactor(tx: Tx, user_id: string): Promise<void> {
  await tx('users').where({ id: user_id }).update({ mfa_since: null });
  for (const table of ['totp_secrets', 'recovery_codes', 'mfa_challenges']) await tx(table).where({ user_id }).delete();
}

/** Replaces all recovery codes of a user. */
export async function replaceRecoveryCodes(tx: Tx, user_id: string, hashes: readonly Buffer[]): Promise<void> {
  await tx('recovery_codes').where({ user_id }).delete();
  await tx('recovery_codes').insert(hashes.map((code_hash) => ({ user_id, code_hash })));
}

/** Spends a recovery code: of several uses one succeeds. */
export const spendRecoveryCode = async (tx: Tx, user_id: string, code_hash: Buffer): Promise<boolean> =>
  (await tx('recovery_codes').where({ user_id, code_hash, used_at: null }).update({ used_at: tx.fn.now() })) > 0;

export async function countRecoveryCodes(db: Db, user_id: string): Promise<number> {
  const [row] = (await db('recovery_codes').where({ user_id, used_at: null }).count({ codes: '*' })) as [
    { codes: number },
  ];
  return row.codes;
}

const maxChallenges = 100; // of one user that wait at the same time
const maxWrongCodes = 5;

/** Stores that a sign-in waits for the second factor. The caller has locked the user. @returns its token */
export async function insertChallenge(tx: Tx, user_id: string): Promise<string> {
  const token = generateToken();
  await tx('mfa_challenges')
    .whereIn(
      'token_hash',
      tx('mfa_challenges')
        .select('token_hash')
        .where({ user_id })
        .orderBy('created_at', 'desc')
        .offset(maxChallenges - 1),
    )
    .delete();
  await tx('mfa_challenges').insert({ token_hash: hashToken(token), user_id });
  return token;
}

/** A sign-in that waits: its user, and the user's company. */
export type Challenge = { id: string; company_id: string | null };

/** Finds who waits behind a token that is good. */
export const findChallenge = async (db: Db, token: string): Promise<Challenge | undefined> =>
  db('mfa_challenges as m')
    .join('users as u', 'u.id', 'm.user_id')
    .select('u.id', 'u.company_id')
    .where({ 'm.token_hash': hashToken(token) })
    .whereRaw('m.expires_at > clock_timestamp()')
    .first();

/** Ends a token. @returns whether it was good */
export const endChallenge = async (tx: Tx, token: string): Promise<boolean> =>
  (await tx('mfa_challenges')
    .where({ token_hash: hashToken(token) })
    .whereRaw('expires_at > clock_timestamp()')
    .delete()) > 0;

/** Counts a wrong code; the fifth ends the token. @returns whether the token is still good */
export async function countWrongCode(tx: Tx, token: string): Promise<boolean> {
  const token_hash = hashToken(token);
  const ended = await tx('mfa_challenges')
    .where({ token_hash })
    .where('wrong_codes', '>=', maxWrongCodes - 1)
    .delete();
  if (ended > 0) return false;
  return (await tx('mfa_challenges').where({ token_hash }).increment('wrong_codes', 1)) > 0;
}

/** Ends the sign-ins of a user that wait, because its password has changed. */
export const endChallenges = (tx: Tx, user_id: string): Promise<number> =>
  tx('mfa_challenges').where({ user_id }).delete();

/** Deletes tokens and unconfirmed secrets that have expired. */
export async function deleteExpired(db: Db): Promise<void> {
  for (const [table, key] of [
    ['mfa_challenges', 'token_hash'],
    ['totp_secrets', 'user_id'],
  ] as const) {
    const expired = db(table).select(key).whereRaw('expires_at < now()').limit(10_000);
    await db(table).whereIn(key, expired).delete();
  }
}
