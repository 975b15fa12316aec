import {
  paginateByOffset,
  whereCompany,
  type Db,
  type Query,
  type Scope,
  type OffsetPage,
  type Tx,
} from '@clientela/db';
import { patternsOf } from '../accounts/search.ts';
import { lockSuperusers, type StoredUser } from '../accounts/store.ts';
import { holdCompany } from '../companies/store.ts';
import type { UserListed, UserQuery } from './schema.ts';

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
];
const ofUsers = [...columns.slice(0, -1), 'u.company_id', 'u.created_at'];

export function listUsers(db: Db, scope: Scope, query: UserQuery): Promise<OffsetPage<UserListed>> {
  const { role, is_active, search, limit, offset } = query;
  const found = whereCompany(db('users as u'), scope, 'u.company_id');
  if (role) void found.where('u.role', role);
  if (is_active !== undefined) void found.where('u.is_active', is_active);
  if (search) void found.where((any) => matching(any, search));
  const withCompany = (query: Query): Query => query.leftJoin('companies as c', 'c.id', 'u.company_id');
  // Searching is fenced off from the order of the list: the planner would sometimes walk that order's index, looking at every row,
  // instead of the index made for searching. What a large part of all rows matches is found soonest by that walk.
  const many = withCompany(found.clone());
  const rows = search ? withCompany(db.withMaterialized('u', found.select(ofUsers)).from('u')) : many;
  const sort = [{ column: 'u.created_at', descending: true }];
  const filtered = Boolean(role ?? search) || is_active !== undefined;
  return paginateByOffset<UserListed>(
    rows,
    columns,
    { limit, offset, sort },
    { isFiltered: filtered, largeResultQuery: many },
  );
}

function matching(any: Query, search: string): void {
  const patterns = patternsOf(search);
  if (patterns.length === 0) void any.whereRaw('false'); // accents alone, say: there is nothing to look for
  for (const pattern of patterns) void any.orWhereLike('u.searched', pattern);
  if (/^user-\d+$/i.test(search)) void any.orWhere('u.unique_id', search.toUpperCase());
}

/** Until the transaction ends, nobody else changes who the admins of the user's company, or the superusers, are. */
export async function lockAdmins(tx: Tx, { business_id }: Pick<StoredUser, 'business_id'>): Promise<void> {
  if (business_id === null) await lockSuperusers(tx);
  else await holdCompany(tx, business_id);
}

/** Whether a company, or without one the installation, has another active user of this role. */
export async function hasAnother(
  db: Db,
  { id, business_id, role }: Pick<StoredUser, 'id' | 'business_id' | 'role'>,
): Promise<boolean> {
  const other = await db('users')
    .select('id')
    .where({ role, is_active: true, company_id: business_id })
    .whereNot({ id })
    .first();
  return other !== undefined;
}

export const deleteUser = (tx: Tx, id: string): Promise<number> => tx('users').where({ id }).delete();

/** How many rows of where a user has signed in, or has tried to, go with it. */
export async function countSignInsOf(tx: Tx, user_id: string): Promise<Record<string, number>> {
  const counted: Record<string, number> = {};
  for (const table of ['sign_in_networks', 'sign_in_failures_by_network', 'sign_in_failures']) {
    const found = await tx(table).where({ user_id }).count({ rows: '*' }).first<{ rows: number }>();
    counted[table] = found.rows;
  }
  return counted;
}
