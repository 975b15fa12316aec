import type { Db, Tx } from '@clientela/db';
import { generateToken, hashToken, tokenHours, type TokenPurpose } from './token.ts';

/** The user whom a token belongs to, and the address that it was sent to. */
export type TokenOwner = { user_id: string; email: string };

/**
 * Creates a token, which ends the user's earlier one of the same purpose.
 * @param owner.email the address that gets it
 * @param maxPerHour beyond which no token is created
 * @returns the token; undefined beyond the limit
 */
export async function issueToken(
  tx: Tx,
  purpose: TokenPurpose,
  owner: TokenOwner,
  maxPerHour: number,
): Promise<string | undefined> {
  const token = generateToken();
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `insert into mail_tokens as stored (user_id, purpose, email, token_hash, expires_at, sent_at)
     values (:user_id, :purpose, :email, :token_hash, now() + make_interval(hours => :hours), array[now()])
     on conflict (user_id, purpose) do update set
       email = excluded.email, token_hash = excluded.token_hash, expires_at = excluded.expires_at,
       sent_at = (excluded.sent_at || stored.sent_at)[1:cast(:max as integer)]
     where coalesce(stored.sent_at[cast(:max as integer)] < now() - interval '1 hour', true)
     returning user_id`,
    { ...owner, purpose, token_hash: hashToken(token), hours: tokenHours[purpose], max: maxPerHour },
  );
  return rows.length > 0 ? token : undefined;
}

/** Seconds until a user who has had as many tokens of a purpose within an hour may have another. */
export async function secondsUntilToken(
  tx: Tx,
  purpose: TokenPurpose,
  user_id: string,
  maxPerHour: number,
): Promise<number> {
  const { rows } = await tx.raw<{ rows: { seconds: number }[] }>(
    `select ceil(extract(epoch from sent_at[cast(:max as integer)] + interval '1 hour' - now()))::integer as seconds
       from mail_tokens where user_id = :user_id and purpose = :purpose`,
    { user_id, purpose, max: maxPerHour },
  );
  return Math.max(1, rows[0]?.seconds ?? 1);
}

const valid = (db: Db, purpose: TokenPurpose, token: string) =>
  db('mail_tokens')
    .where({ purpose, token_hash: hashToken(token) })
    .whereRaw('expires_at > now()');

export const findTokenOwner = async (db: Db, purpose: TokenPurpose, token: string): Promise<TokenOwner | undefined> =>
  valid(db, purpose, token).select('user_id', 'email').first();

/** Spends a token in one statement: of several concurrent requests one succeeds. @returns its owner; undefined unless it was valid */
export async function spendToken(tx: Tx, purpose: TokenPurpose, token: string): Promise<TokenOwner | undefined> {
  const [owner]: TokenOwner[] = await valid(tx, purpose, token)
    .update({ token_hash: null })
    .returning(['user_id', 'email']);
  return owner;
}

/** Begins the validity of a token again, because its mail is sent only now. @returns whether it is still the newest of its purpose */
export const renewToken = async (db: Db, purpose: TokenPurpose, token: string): Promise<boolean> =>
  (await db('mail_tokens')
    .where({ purpose, token_hash: hashToken(token) })
    .update({ expires_at: db.raw('now() + make_interval(hours => ?)', [tokenHours[purpose]]) })) > 0;

/** Ends all tokens of a user, whose password or address has changed. */
export const endTokens = (tx: Tx, user_id: string): Promise<number> =>
  tx('mail_tokens').where({ user_id }).whereNotNull('token_hash').update({ token_hash: null });

/** Deletes tokens that can no longer be spent and no longer count. */
export const deleteOldTokens = (db: Db): Promise<number> =>
  db('mail_tokens')
    .whereIn(
      ['user_id', 'purpose'],
      db('mail_tokens').select('user_id', 'purpose').whereRaw(`expires_at < now() - interval '1 day'`).limit(10_000),
    )
    .delete();
