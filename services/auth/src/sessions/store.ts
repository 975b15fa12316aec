import type { Revocations } from '@clientela/contracts';
import { newId, type Db, type Tx } from '@clientela/db';

/** Where a session was begun: the client's address, and what it says it is. */
export type Origin = { ip: string | null; device: string | null };

/** What a session's refresh tokens are made from, and the hash of its present one. */
export type Token = { seed: Buffer; token_hash: Buffer };

const deviceLength = 200;

/**
 * @param days for which the first refresh token is good
 * @returns the session's id, which its tokens carry as `sid`
 */
export async function insertSession(
  tx: Tx,
  user_id: string,
  { ip, device }: Origin,
  token: (id: string) => Token,
  days: number,
): Promise<string> {
  const id = newId();
  const refresh_until = tx.raw(`now() + make_interval(days => ?)`, [days]);
  const row = { id, user_id, ip, device: device?.slice(0, deviceLength) ?? null, refresh_until, ...token(id) };
  await tx('sessions').insert(row);
  return id;
}

export type StoredSession = {
  id: string;
  user_id: string | null;
  generation: number;
  seed: Buffer;
  live: boolean;
  /** Its token was renewed within the last ten seconds. */
  just_rotated: boolean;
};

const grace = 10; // seconds in which the token just spent gets its successor again

/** One that has refresh tokens. */
export const findSession = async (db: Db, id: string): Promise<StoredSession | undefined> =>
  db('sessions')
    .select('id', 'user_id', 'generation', 'seed', db.raw('ended_at is null and refresh_until > now() as live'))
    .select(db.raw('rotated_at > clock_timestamp() - make_interval(secs => ?) as just_rotated', [grace]))
    .where({ id })
    .whereNotNull('seed')
    .first();

/**
 * Puts the next refresh token in the place of the present one: of several at once, one does.
 * @returns the user, or undefined when that token is not the present one, or its user may not act
 */
export async function rotate(
  tx: Tx,
  { id, generation }: Pick<StoredSession, 'id' | 'generation'>,
  hashes: { spent: Buffer; next: Buffer },
  days: number,
): Promise<string | undefined> {
  const { rows } = await tx.raw<{ rows: { user_id: string }[] }>(
    `update sessions s
        set generation = s.generation + 1, token_hash = :next, rotated_at = clock_timestamp(), last_used_at = now(),
            refresh_until = now() + make_interval(days => :days)
       from users u left join companies c on c.id = u.company_id
      where s.id = :id and s.generation = :generation and s.token_hash = :spent
        and s.ended_at is null and s.refresh_until > now()
        and u.id = s.user_id and u.is_active and coalesce(c.status, 'active') = 'active'
      returning s.user_id`,
    { id, generation, days, ...hashes },
  );
  return rows[0]?.user_id;
}

export type LiveSession = {
  id: string;
  device: string | null;
  ip: string | null;
  created_at: string;
  last_used_at: string;
};

const live = (db: Db, user_id: string) =>
  db('sessions').where({ user_id }).whereNull('ended_at').whereRaw('refresh_until > now()');

const mostListed = 1000;

/** Those that are not over, the one used last first. */
export const listSessions = async (db: Db, user_id: string): Promise<LiveSession[]> =>
  live(db, user_id)
    .select('id', 'device', 'ip', 'created_at', 'last_used_at')
    .orderBy('last_used_at', 'desc')
    .orderBy('id', 'desc')
    .limit(mostListed);

export const isLive = async (db: Db, user_id: string, id: string): Promise<boolean> =>
  (await live(db, user_id).select('id').where({ id }).first()) !== undefined;

/** @returns whether there was one to end */
export const endSession = async (tx: Tx, user_id: string, id: string): Promise<boolean> =>
  (await live(tx, user_id)
    .where({ id })
    .update({ ended_at: tx.raw('clock_timestamp()') })) > 0;

/**
 * Ends a user's sessions, in the transaction of what takes the access away; `revokeSessions` of actions.ts says so besides.
 * @param which.except the one that stays
 * @returns how many there were
 */
export const endSessions = (
  tx: Tx,
  { user_id, except }: { user_id: string; except?: string | undefined },
): Promise<number> =>
  tx('sessions')
    .where({ user_id })
    .whereNull('ended_at')
    .modify((which) => void (except !== undefined && which.whereNot({ id: except })))
    .update({ ended_at: tx.raw('clock_timestamp()') });

/**
 * Takes out of a user's sessions where they were, and what their refresh tokens are made of, before the user is removed: what stays is that
 * they have ended, until their access tokens have expired.
 * @returns how many there were
 */
export const forgetSessions = (tx: Tx, user_id: string): Promise<number> =>
  tx('sessions').where({ user_id }).update({ ip: null, device: null, seed: null, token_hash: null });

/** Ends the sessions of all users of a company. @returns how many there were */
export const endSessionsOfCompany = (tx: Tx, company_uuid: string): Promise<number> =>
  tx('sessions')
    .whereIn('user_id', tx('users').select('id').where({ company_id: company_uuid }))
    .whereNull('ended_at')
    .update({ ended_at: tx.raw('clock_timestamp()') });

/** Removes sessions that have been over for a month: nothing of them can be used, nor has to be refused, any more. */
export async function removePastSessions(db: Db): Promise<void> {
  const past = db('sessions')
    .select('id')
    .whereRaw(`refresh_until < now() - interval '30 days'`)
    .orWhereRaw(`ended_at < now() - interval '30 days'`)
    .limit(10_000);
  await db('sessions').whereIn('id', past).delete();
}

const most = 100_000; // sessions in one answer

/**
 * What gateways must refuse though it verifies: sessions that were ended while their tokens can be good, and companies that are not active.
 * @param minutes for which an access token is good
 * @param since only what changed at or after this instant: companies that are active again among it
 */
export async function listRevocations(db: Db, minutes: number, since?: string): Promise<Revocations> {
  // Read first: what commits later is ended later, or is still in the margin that the gateway asks again for.
  const { rows } = await db.raw<{ rows: [{ as_of: string }] }>('select clock_timestamp()::timestamptz(3) as as_of');
  // A minute more, for tokens that were on their way when their session ended, and for clocks.
  const life = db.raw('make_interval(mins => ?)', [minutes + 1]);
  const sessions: Revocations['sessions'] = await db('sessions')
    .select('id as sid', db.raw('(ended_at + ?)::timestamptz(3) as until', [life]))
    .whereRaw('ended_at > now() - ?', [life])
    .modify((ended) => void (since !== undefined && ended.where('ended_at', '>=', since)))
    .orderBy('ended_at')
    .limit(most + 1);
  const companies: Revocations['companies'] = await db('companies')
    .select('id', db.raw(`status = 'active' as active`))
    .where((which) => {
      if (since === undefined) void which.whereNot({ status: 'active' });
      else void which.where('status_changed_at', '>=', since);
    });
  return {
    ...rows[0],
    sessions: sessions.slice(0, most),
    companies,
    ...(sessions.length > most && { truncated: true as const }),
  };
}
