import type { Revocations } from '@clientela/contracts';
import { executeLater, newId, type Db, type NamedStatement, type Tx } from '@clientela/db';

/** The client that signed in: its address and its User-Agent. */
export type SessionOrigin = { ip: string | null; device: string | null };

/** The seed of a session's refresh tokens, and the hash of the current one. */
export type RefreshTokenState = { seed: Buffer; token_hash: Buffer };

const maxDeviceLength = 200;

const insertSessionRow: NamedStatement = {
  name: 'insert_session',
  text: `insert into sessions (id, user_id, ip, device, seed, token_hash, refresh_until)
    values ($1, $2, $3, $4, $5, $6, now() + make_interval(days => $7))`,
};

/**
 * Inserts a session with the transaction's next statement.
 * @param refreshDays lifetime of the first refresh token
 * @returns the session's id, the `sid` claim of its access tokens
 */
export function insertSession(
  tx: Tx,
  user_id: string,
  { ip, device }: SessionOrigin,
  tokenState: (id: string) => RefreshTokenState,
  refreshDays: number,
): string {
  const id = newId();
  const { seed, token_hash } = tokenState(id);
  const shortened = device?.slice(0, maxDeviceLength) ?? null;
  executeLater(tx, insertSessionRow, [id, user_id, ip, shortened, seed, token_hash, refreshDays]);
  return id;
}

export type StoredSession = {
  id: string;
  user_id: string | null;
  generation: number;
  seed: Buffer;
  live: boolean;
  /** Whether its refresh token was rotated within the grace period. */
  recently_rotated: boolean;
};

const reuseGraceSeconds = 10; // in which the previous refresh token returns its successor again

/** Finds a session that has refresh tokens. */
export const findSession = async (db: Db, id: string): Promise<StoredSession | undefined> =>
  db('sessions')
    .select('id', 'user_id', 'generation', 'seed', db.raw('ended_at is null and refresh_until > now() as live'))
    .select(
      db.raw('rotated_at > clock_timestamp() - make_interval(secs => ?) as recently_rotated', [reuseGraceSeconds]),
    )
    .where({ id })
    .whereNotNull('seed')
    .first();

/**
 * Replaces the current refresh token by the next one. Of several concurrent calls one succeeds.
 * @returns the user id, or undefined when the token is not the current one or its user is not active
 */
export async function rotateRefreshToken(
  tx: Tx,
  { id, generation }: Pick<StoredSession, 'id' | 'generation'>,
  hashes: { current: Buffer; next: Buffer },
  refreshDays: number,
): Promise<string | undefined> {
  const { rows } = await tx.raw<{ rows: { user_id: string }[] }>(
    `update sessions s
        set generation = s.generation + 1, token_hash = :next, rotated_at = clock_timestamp(), last_used_at = now(),
            refresh_until = now() + make_interval(days => :refreshDays)
       from users u left join companies c on c.id = u.company_id
      where s.id = :id and s.generation = :generation and s.token_hash = :current
        and s.ended_at is null and s.refresh_until > now()
        and u.id = s.user_id and u.is_active and coalesce(c.status, 'active') = 'active'
      returning s.user_id`,
    { id, generation, refreshDays, ...hashes },
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

const liveSessions = (db: Db, user_id: string) =>
  db('sessions').where({ user_id }).whereNull('ended_at').whereRaw('refresh_until > now()');

const maxListed = 1000;

/** Lists live sessions, most recently used first. */
export const listSessions = async (db: Db, user_id: string): Promise<LiveSession[]> =>
  liveSessions(db, user_id)
    .select('id', 'device', 'ip', 'created_at', 'last_used_at')
    .orderBy('last_used_at', 'desc')
    .orderBy('id', 'desc')
    .limit(maxListed);

/** @returns whether the session was live */
export const endSession = async (tx: Tx, user_id: string, id: string): Promise<boolean> =>
  (await liveSessions(tx, user_id)
    .where({ id })
    .update({ ended_at: tx.raw('clock_timestamp()') })) > 0;

/**
 * Ends a user's sessions without publishing an event; `revokeSessions` publishes one.
 * @param which.except the session to keep
 * @returns the number of ended sessions
 */
export const endSessions = (
  tx: Tx,
  { user_id, except }: { user_id: string; except?: string | undefined },
): Promise<number> =>
  tx('sessions')
    .where({ user_id })
    .whereNull('ended_at')
    .modify((query) => void (except !== undefined && query.whereNot({ id: except })))
    .update({ ended_at: tx.raw('clock_timestamp()') });

/**
 * Clears the personal data and token seeds of a user's sessions before the user is deleted. The rows stay until their access tokens
 * have expired, so that gateways reject those.
 * @returns the number of sessions
 */
export const anonymizeSessions = (tx: Tx, user_id: string): Promise<number> =>
  tx('sessions').where({ user_id }).update({ ip: null, device: null, seed: null, token_hash: null });

/** Ends the sessions of all users of a company. @returns the number of ended sessions */
export const endSessionsOfCompany = (tx: Tx, company_uuid: string): Promise<number> =>
  tx('sessions')
    .whereIn('user_id', tx('users').select('id').where({ company_id: company_uuid }))
    .whereNull('ended_at')
    .update({ ended_at: tx.raw('clock_timestamp()') });

/** Ends the sessions of a company's staff without a second factor. @returns the number of ended sessions */
export const endSessionsWithoutFactor = (tx: Tx, company_uuid: string): Promise<number> =>
  tx('sessions')
    .whereIn(
      'user_id',
      tx('users').select('id').where({ company_id: company_uuid, mfa_since: null }).whereNot({ role: 'customer' }),
    )
    .whereNull('ended_at')
    .update({ ended_at: tx.raw('clock_timestamp()') });

/** Ends every session of the installation. @returns the number of ended sessions */
export const endAllSessions = (tx: Tx): Promise<number> =>
  tx('sessions')
    .whereNull('ended_at')
    .update({ ended_at: tx.raw('clock_timestamp()') });

/** Deletes sessions that ended or expired a month ago, long after their tokens. */
export async function deletePastSessions(db: Db): Promise<void> {
  const past = db('sessions')
    .select('id')
    .whereRaw(`refresh_until < now() - interval '30 days'`)
    .orWhereRaw(`ended_at < now() - interval '30 days'`)
    .limit(10_000);
  await db('sessions').whereIn('id', past).delete();
}

const maxRevocations = 100_000; // sessions in one response
const maxChangedKeys = 10_000; // API keys in one response

/**
 * Lists what gateways must reject although its signature is valid: ended sessions with unexpired tokens, and inactive companies; and the
 * API keys of which they may know an earlier version.
 * @param lifetimeMinutes of an access token
 * @param since only changes at or after this instant, including companies that became active again
 */
export async function listRevocations(db: Db, lifetimeMinutes: number, since?: string): Promise<Revocations> {
  // Taken first: a later commit has a later ended_at, or lies within the overlap that gateways poll again.
  const { rows } = await db.raw<{ rows: [{ as_of: string }] }>('select clock_timestamp()::timestamptz(3) as as_of');
  // One extra minute covers clock skew and tokens issued while their session ended.
  const lifetime = db.raw('make_interval(mins => ?)', [lifetimeMinutes + 1]);
  const sessions: Revocations['sessions'] = await db('sessions')
    .select('id as sid', db.raw('(ended_at + ?)::timestamptz(3) as until', [lifetime]))
    .whereRaw('ended_at > now() - ?', [lifetime])
    .modify((query) => void (since !== undefined && query.where('ended_at', '>=', since)))
    .orderBy('ended_at')
    .limit(maxRevocations + 1);
  const companies: Revocations['companies'] = await db('companies')
    .select('id', db.raw(`status = 'active' as active`))
    .where((query) => {
      if (since === undefined) void query.whereNot({ status: 'active' });
      else void query.where('status_changed_at', '>=', since);
    });
  // A gateway that asks for everything knows no key yet, or asks for each one again.
  const api_keys = since === undefined ? [] : await listChangedKeys(db, since);
  return {
    ...rows[0],
    sessions: sessions.slice(0, maxRevocations),
    companies,
    api_keys: api_keys.slice(0, maxChangedKeys),
    ...(api_keys.length > maxChangedKeys && { api_keys_truncated: true as const }),
    ...(sessions.length > maxRevocations && { truncated: true as const }),
  };
}

async function listChangedKeys(db: Db, since: string): Promise<NonNullable<Revocations['api_keys']>> {
  return db('api_keys')
    .select('id', 'version')
    .where('changed_at', '>=', since)
    .orderBy('changed_at')
    .limit(maxChangedKeys + 1);
}
