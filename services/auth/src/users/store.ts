import {
  isUuid,
  paginateByOffset,
  whereCompany,
  type Db,
  type Query,
  type Scope,
  type OffsetPage,
  type Tx,
} from '@clientela/db';
import { searchPatterns } from '../accounts/search.ts';
import { lockSuperusers, type StoredUser } from '../accounts/store.ts';
import { lockCompanyRow } from '../companies/store.ts';
import type { UserListItem, UserQuery } from './schema.ts';

const columns = [
  'u.id',
  'u.unique_id',
  'u.username',
  'u.first_name',
  'u.last_name',
  'u.email',
  'u.role',
  'u.is_active',
  'c.company_id',
  'u.version',
];
const searchColumns = [...columns.filter((column) => column !== 'c.company_id'), 'u.company_id', 'u.created_at'];

export function listUsers(db: Db, scope: Scope, query: UserQuery): Promise<OffsetPage<UserListItem>> {
  const { role, active, is_active = active, search, limit, offset } = query;
  const filteredUsers = whereCompany(db('users as u'), scope, 'u.company_id');
  if (role) void filteredUsers.where('u.role', role);
  if (is_active !== undefined) void filteredUsers.where('u.is_active', is_active);
  if (search) void filteredUsers.where((group) => applySearch(group, search));
  const joinCompany = (rows: Query): Query => rows.leftJoin('companies as c', 'c.id', 'u.company_id');
  // A materialized CTE makes the planner use the search index; otherwise it may scan the index of the sort order and check every row.
  // When the search matches many rows, that ordered scan is faster, so `unfenced` is used for them.
  const unfenced = joinCompany(filteredUsers.clone());
  const rows = search ? joinCompany(db.withMaterialized('u', filteredUsers.select(searchColumns)).from('u')) : unfenced;
  const sort = [{ column: 'u.created_at', descending: true }];
  const isFiltered = Boolean(role ?? search) || is_active !== undefined;
  return paginateByOffset<UserListItem>(
    rows,
    columns,
    { limit, offset, sort },
    { isFiltered, largeResultQuery: unfenced },
  );
}

function applySearch(group: Query, search: string): void {
  const patterns = searchPatterns(search);
  if (patterns.length === 0) void group.whereRaw('false'); // nothing is left after normalization, such as for accents alone
  for (const pattern of patterns) void group.orWhereLike('u.search_text', pattern);
  if (/^user-\d+$/i.test(search)) void group.orWhere('u.unique_id', search.toUpperCase());
}

/** What the identity headers of a request claim. */
type Identity = { id: string; session_id: string | null; role: string; company_id: string | null };

const currentActor = (lockUser: string) => `
  select u.id
    from (select id, company_id, role, is_active from users where id = :id ${lockUser}) u
    join sessions s on s.user_id = u.id and s.id = :session_id
    left join companies c on c.id = u.company_id
   where u.is_active and u.role = :role and u.company_id is not distinct from :company_id
     and coalesce(c.status, 'active') = 'active' and s.ended_at is null and s.refresh_until > now()`;
const findCurrentActor = currentActor('');
// The inner query locks the user before the outer one locks the session. Both read what was committed when they got their lock.
const lockUserAndSession = `${currentActor('for no key update')} for no key update of s`;

async function hasCurrentActor(db: Db, sql: string, { id, session_id, role, company_id }: Identity): Promise<boolean> {
  if (session_id === null || !isUuid(session_id)) return false;
  const values = { id, session_id, role, company_id: role === 'superuser' ? null : company_id };
  const { rows } = await db.raw<{ rows: unknown[] }>(sql, values);
  return rows.length > 0;
}

/** Whether the actor's session is live, its user and company are active, and its role and company are still the stored ones. */
export const isCurrentActor = (db: Db, actor: Identity): Promise<boolean> =>
  hasCurrentActor(db, findCurrentActor, actor);

/** The same, and locks user and session until the transaction ends. The caller has locked the company, which is read without a lock. */
export const lockCurrentActor = (tx: Tx, actor: Identity): Promise<boolean> =>
  hasCurrentActor(tx, lockUserAndSession, actor);

/** Serializes changes to the admins of the user's company, or to the superusers, until the transaction ends. */
export async function lockAdmins(tx: Tx, { business_id }: Pick<StoredUser, 'business_id'>): Promise<void> {
  if (business_id === null) await lockSuperusers(tx);
  else await lockCompanyRow(tx, business_id);
}

/** Whether the company (or for superusers the installation) has another active user with this role. */
export async function hasOtherActive(
  db: Db,
  { id, business_id, role }: Pick<StoredUser, 'id' | 'business_id' | 'role'>,
): Promise<boolean> {
  const otherUser = await db('users')
    .select('id')
    .where({ role, is_active: true, company_id: business_id })
    .whereNot({ id })
    .first();
  return otherUser !== undefined;
}

export const deleteUser = (tx: Tx, id: string): Promise<number> => tx('users').where({ id }).delete();
