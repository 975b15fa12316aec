import { keyPermissionsOf, type Permission, type VerifiedApiKey } from '@clientela/contracts';
import {
  isUuid,
  newId,
  paginateByOffset,
  whereCompany,
  type Db,
  type OffsetPage,
  type Scope,
  type Tx,
} from '@clientela/db';
import type { ApiKey, ApiKeyChanges, MadeApiKey } from './schema.ts';

const columns = [
  'id',
  'name',
  'prefix',
  'role',
  'permissions',
  'allowed_ips',
  'rate_per_minute',
  'expires_at',
  'last_used_at',
  'last_used_ip',
  'created_by',
  'created_at',
  'revoked_at',
  'version',
] as const;

/** A key that is stored; `permissions`, `allowed_ips` and `rate_per_minute` as in `ApiKey`. */
export type NewKeyRow = Pick<
  ApiKey,
  'name' | 'prefix' | 'role' | 'permissions' | 'allowed_ips' | 'rate_per_minute' | 'expires_at' | 'created_by'
> & { key_hash: Buffer };

export const listKeys = (
  db: Db,
  company_id: string,
  { limit, offset }: { limit: number; offset: number },
): Promise<OffsetPage<ApiKey>> =>
  paginateByOffset<ApiKey>(
    db('api_keys').where({ company_id }),
    columns,
    { limit, offset, sort: [{ column: 'created_at', descending: true }] },
    { isFiltered: false },
  );

export const findKey = async (db: Db, company_id: string, id: string): Promise<ApiKey | undefined> =>
  db('api_keys').select(columns).where({ company_id, id }).first();

export const lockKey = async (tx: Tx, company_id: string, id: string): Promise<ApiKey | undefined> =>
  tx('api_keys').select(columns).where({ company_id, id }).forUpdate().first();

/** Counts the keys of a company that are good. */
export async function countLiveKeys(db: Db, company_id: string): Promise<number> {
  const [row] = (await whereLive(db('api_keys').where({ company_id })).count({ keys: '*' })) as [{ keys: number }];
  return row.keys;
}

const whereLive = <Q extends ReturnType<Db>>(query: Q): Q =>
  query.whereNull('revoked_at').whereRaw('expires_at > now()') as Q;

export async function insertKey(tx: Tx, company_id: string, row: NewKeyRow): Promise<ApiKey> {
  const [inserted] = await tx('api_keys')
    .insert({ id: newId(), company_id, ...row })
    .returning(columns);
  return inserted as ApiKey;
}

/** What a change, a rotation or a revocation stores. */
type KeyColumns = ApiKeyChanges & {
  prefix?: string;
  key_hash?: Buffer;
  previous_hash?: unknown;
  previous_until?: unknown;
  revoked_at?: unknown;
};

/** Updates the version that was read; returns undefined when it has changed since. */
async function updateColumns(
  tx: Tx,
  company_id: string,
  { id, version }: Pick<ApiKey, 'id' | 'version'>,
  changes: KeyColumns,
): Promise<ApiKey | undefined> {
  const [updated] = await tx('api_keys')
    .where({ company_id, id, version })
    .update({ ...changes, version: version + 1, updated_at: tx.fn.now(), changed_at: tx.raw('clock_timestamp()') })
    .returning(columns);
  return updated as ApiKey | undefined;
}

export const updateKey = (
  tx: Tx,
  company_id: string,
  current: Pick<ApiKey, 'id' | 'version'>,
  changes: ApiKeyChanges,
): Promise<ApiKey | undefined> => updateColumns(tx, company_id, current, changes);

/** Replaces the key; the present one becomes the previous one, which a previous one before it no longer is. @param grace milliseconds */
export const replaceKey = (
  tx: Tx,
  company_id: string,
  current: Pick<ApiKey, 'id' | 'version'>,
  key: { prefix: string; key_hash: Buffer },
  grace: number,
): Promise<ApiKey | undefined> =>
  updateColumns(tx, company_id, current, {
    ...key,
    previous_hash: grace > 0 ? tx.ref('key_hash') : null,
    previous_until: grace > 0 ? tx.raw(`clock_timestamp() + make_interval(secs => ?)`, [grace / 1000]) : null,
  });

export const revokeKey = (
  tx: Tx,
  company_id: string,
  current: Pick<ApiKey, 'id' | 'version'>,
): Promise<ApiKey | undefined> => updateColumns(tx, company_id, current, { revoked_at: tx.raw('clock_timestamp()') });

/** Lists the good keys that a user made, within a scope, and locks them. */
export const lockKeysMadeBy = async (tx: Tx, scope: Scope, user_id: string): Promise<(MadeApiKey & KeyOfCompany)[]> =>
  whereLive(whereCompany(tx('api_keys'), scope).where({ created_by: user_id }))
    .select('id', 'name', 'company_id', 'version')
    .orderBy('id')
    .forUpdate();
type KeyOfCompany = { company_id: string; version: number };

type VerifiedRow = NonNullable<VerifiedApiKey['api_key']> & { permissions: string[] | null };

/** Finds a good key of an active company by its hash, or by that of its predecessor until the grace period ends. */
export async function findKeyByHash(db: Db, hash: Buffer): Promise<VerifiedApiKey['api_key']> {
  const { rows } = await db.raw<{ rows: VerifiedRow[] }>(
    `select k.id, k.version, k.company_id, k.role, k.permissions, k.allowed_ips, k.rate_per_minute,
            case when k.key_hash = :hash then k.expires_at else least(k.expires_at, k.previous_until) end as expires_at
       from api_keys k join companies c on c.id = k.company_id
      where (k.key_hash = :hash or (k.previous_hash = :hash and k.previous_until > now()))
        and k.revoked_at is null and k.expires_at > now() and c.status = 'active'`,
    { hash },
  );
  const [key] = rows;
  return key ? { ...key, permissions: key.permissions ?? keyPermissionsOf(key.role) } : null;
}

/** Stores the latest use of a key, at most once a minute. */
export const updateLastUse = (tx: Tx, company_id: string, id: string, { at, ip }: { at: string; ip: string }) =>
  tx('api_keys')
    .where({ company_id, id })
    .whereRaw(`(last_used_at is null or last_used_at <= ?::timestamptz - interval '1 minute')`, [at])
    .update({ last_used_at: tx.raw('least(?::timestamptz, now())', [at]), last_used_ip: ip });

/** What the identity headers of a request claim; `id` is `key:<id>`. */
type KeyIdentity = { id: string; company_id: string | null; role: string };

/**
 * Whether a key is good, of an active company, has the role that its request claims, and holds the permission.
 * @param lock locks the key until the transaction ends
 */
export async function isCurrentKey(
  db: Db,
  { id: actor_id, company_id, role }: KeyIdentity,
  permission: Permission,
  lock: boolean,
): Promise<boolean> {
  const id = actor_id.replace(/^key:/, '');
  if (!isUuid(id)) return false;
  const { rows } = await db.raw<{ rows: unknown[] }>(
    `select k.id from api_keys k join companies c on c.id = k.company_id
      where k.id = :id and k.company_id = :company_id and k.role = :role and k.revoked_at is null and k.expires_at > now()
        and (k.permissions is null or :permission = any(k.permissions)) and c.status = 'active'
      ${lock ? 'for share of k' : ''}`,
    { id, company_id, role, permission },
  );
  return rows.length > 0;
}
