import { within, type Db, type Scope, type Tx } from '@clientela/db';
import type { Favorite, FavoriteQuery, NewFavorite } from './schema.ts';

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

/** By id, and how many there are in all. */
export async function listFavorites(
  db: Db,
  scope: Scope,
  query: FavoriteQuery,
): Promise<{ items: Favorite[]; count: number }> {
  const found = within(db('favorites'), scope);
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

export const deleteFavoritesOf = (tx: Tx, company_id: string, customer_id: string): Promise<number> =>
  tx('favorites').where({ company_id, customer_id }).delete();
