import { execute, whereCompany, type Db, type NamedStatement, type Scope, type Tx } from '@clientela/db';
import type { OwnCustomer } from './peer-clients.ts';
import type { Favorite, FavoriteQuery, NewFavorite, Popular, PopularQuery } from './schema.ts';

const columns = ['id', 'user_id', 'item_id', 'created_at'] as const;

const upsertStatement: NamedStatement = {
  name: 'upsert_favorite',
  text: `insert into favorites (company_id, user_id, item_id, customer_id, product_id) values ($1, $2, $3, $4, $5)
    on conflict (company_id, customer_id, product_id) do update set created_at = now(), version = favorites.version + 1
    returning ${columns.join(', ')}, version`,
};

/** Inserts or renews a favorite in one statement, so that concurrent requests for the same pair create it once. */
export async function upsertFavorite(
  tx: Tx,
  company_id: string,
  { user_id, item_id, customer_id, product_id }: NewFavorite & { customer_id: string; product_id: string },
): Promise<Favorite & { version: number }> {
  const values = [company_id, user_id, item_id, customer_id, product_id];
  const [row] = await execute<Favorite & { version: number }>(tx, upsertStatement, values);
  return row as Favorite & { version: number };
}

/**
 * Lists favorites by id, with the total count.
 * @param owner restricts the list to this customer's favorites
 */
export async function listFavorites(
  db: Db,
  scope: Scope,
  query: FavoriteQuery,
  owner: OwnCustomer | undefined,
): Promise<{ items: Favorite[]; count: number }> {
  const rows = whereCompany(db('favorites'), scope);
  if (owner) void rows.where('customer_id', owner.id);
  for (const column of ['id', 'user_id', 'item_id'] as const) {
    const values = query[column];
    if (values) void rows.whereIn(column, values);
  }
  if (query.created_at) void rows.where('created_at', query.created_at);
  if (query.created_from) void rows.where('created_at', '>=', query.created_from);
  if (query.created_to) void rows.where('created_at', '<=', query.created_to);
  const [counted] = (await rows.clone().count({ count: '*' })) as [{ count: number }];
  const items = await rows.select(columns).orderBy('id').limit(query.limit).offset(query.offset);
  return { items: items as Favorite[], count: counted.count };
}

/** Lists products by descending number of customers, with the total number of products. */
export async function listPopular(
  db: Db,
  company_id: string,
  { limit, offset }: PopularQuery,
): Promise<{ items: Popular[]; count: number }> {
  const favorites = db('favorites').where({ company_id });
  const items = (await favorites
    .clone()
    .select('item_id')
    .count({ count: '*' })
    .select(db.raw('count(*) over () as total')) // in the same scan, which reads every favorite of the company
    .groupBy('item_id')
    .orderBy([{ column: 'count', order: 'desc' }, { column: 'item_id' }])
    .limit(limit)
    .offset(offset)) as (Popular & { total: number })[];
  if (items[0]) return { items: items.map(({ item_id, count }) => ({ item_id, count })), count: items[0].total };
  const [counted] = (await favorites.countDistinct({ count: 'item_id' })) as [{ count: number }];
  return { items: [], count: counted.count };
}

/** @returns the deleted favorites, ordered by id */
export async function deleteFavorites(
  tx: Tx,
  company_id: string,
  ids: readonly number[],
  owner: OwnCustomer | undefined,
): Promise<(Favorite & { version: number })[]> {
  const selected = tx('favorites').select('id').where({ company_id }).whereIn('id', ids);
  if (owner) void selected.where('customer_id', owner.id);
  // Locks rows in id order, so that concurrent deletions of the same rows cannot deadlock.
  const deleted = await tx('favorites')
    .where({ company_id })
    .whereIn('id', selected.orderBy('id').forUpdate())
    .delete()
    .returning([...columns, 'version']);
  return (deleted as (Favorite & { version: number })[]).toSorted((a, b) => a.id - b.id);
}
