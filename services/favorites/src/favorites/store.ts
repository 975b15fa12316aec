import { whereCompany, type Db, type Scope, type Tx } from '@clientela/db';
import type { Owner } from './lookup.ts';
import type { Favorite, FavoriteQuery, NewFavorite, Popular, PopularQuery } from './schema.ts';

const columns = ['id', 'user_id', 'item_id', 'created_at'] as const;

/** One statement, so that of two who add the same at once one makes it and the other renews it. */
export async function upsertFavorite(
  tx: Tx,
  company_id: string,
  favorite: NewFavorite & { customer_id: string; product_id: string },
): Promise<Favorite & { version: number }> {
  const [stored] = await tx('favorites')
    .insert({ ...favorite, company_id })
    .onConflict(['company_id', 'customer_id', 'product_id'])
    .merge({ created_at: tx.fn.now(), version: tx.raw('favorites.version + 1') })
    .returning([...columns, 'version']);
  return stored as Favorite & { version: number };
}

/**
 * By id, and how many there are in all.
 * @param owner whose alone, for somebody who reaches no others
 */
export async function listFavorites(
  db: Db,
  scope: Scope,
  query: FavoriteQuery,
  owner: Owner | undefined,
): Promise<{ items: Favorite[]; count: number }> {
  const found = whereCompany(db('favorites'), scope);
  if (owner) void found.where('customer_id', owner.id);
  for (const column of ['id', 'user_id', 'item_id'] as const) {
    const wanted = query[column];
    if (wanted) void found.whereIn(column, wanted);
  }
  if (query.created_at) void found.where('created_at', query.created_at);
  if (query.created_from) void found.where('created_at', '>=', query.created_from);
  if (query.created_to) void found.where('created_at', '<=', query.created_to);
  const [counted] = (await found.clone().count({ count: '*' })) as [{ count: number }];
  const items = await found.select(columns).orderBy('id').limit(query.limit).offset(query.offset);
  return { items: items as Favorite[], count: counted.count };
}

/** The most kept first, and how many products are kept at all. */
export async function listPopular(
  db: Db,
  company_id: string,
  { limit, offset }: PopularQuery,
): Promise<{ items: Popular[]; count: number }> {
  const kept = db('favorites').where({ company_id });
  const [counted] = (await kept.clone().countDistinct({ count: 'item_id' })) as [{ count: number }];
  const items = await kept
    .select('item_id')
    .count({ count: '*' })
    .groupBy('item_id')
    .orderBy([{ column: 'count', order: 'desc' }, { column: 'item_id' }])
    .limit(limit)
    .offset(offset);
  return { items: items as Popular[], count: counted.count };
}

/** @returns those that were there, by id */
export async function deleteFavorites(
  tx: Tx,
  company_id: string,
  ids: readonly number[],
  owner: Owner | undefined,
): Promise<(Favorite & { version: number })[]> {
  const found = tx('favorites').select('id').where({ company_id }).whereIn('id', ids);
  if (owner) void found.where('customer_id', owner.id);
  // Locked in one order always, so that two who remove the same do not wait for each other's rows.
  const deleted = await tx('favorites')
    .where({ company_id })
    .whereIn('id', found.orderBy('id').forUpdate())
    .delete()
    .returning([...columns, 'version']);
  return (deleted as (Favorite & { version: number })[]).toSorted((a, b) => a.id - b.id);
}
