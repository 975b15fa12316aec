import { favoriteAdded, favoriteRemoved } from '@clientela/contracts';
import type { Tx } from '@clientela/db';
import { notFound } from '@clientela/errors';
import { publish, publishAll } from '@clientela/events';
import type { CompanyActor } from '@clientela/http';
import { holdCustomer } from '../customers/store.ts';
import type { Favorite, NewFavorite } from './schema.ts';
import type { Owner } from './lookup.ts';
import { deleteFavorites, upsertFavorite } from './store.ts';

/**
 * Adds a product to a customer's favorites, or renews it there.
 * @throws AppError 404 when the customer was removed for good since it was asked for
 */
export async function addFavorite(
  tx: Tx,
  actor: CompanyActor,
  given: NewFavorite & { customer_id: string; product_id: string },
): Promise<{ favorite: Favorite; added: boolean }> {
  if (!(await holdCustomer(tx, actor.company_id, given.customer_id))) throw notFound('customer');
  const { version, ...favorite } = await upsertFavorite(tx, actor.company_id, given);
  await publish(tx, favoriteAdded, actor, version, said(favorite));
  return { favorite, added: version === 1 };
}

/**
 * Removes those of the given ones that are there.
 * @param owner whose alone, for somebody who reaches no others
 * @returns how many they were
 */
export async function removeFavorites(
  tx: Tx,
  actor: CompanyActor,
  ids: readonly number[],
  owner: Owner | undefined,
): Promise<number> {
  const removed = await deleteFavorites(tx, actor.company_id, ids, owner);
  const facts = removed.map((favorite) => ({ sequence: favorite.version + 1, data: said(favorite) }));
  await publishAll(tx, favoriteRemoved, actor, facts);
  return removed.length;
}

const said = ({ id, user_id, item_id }: Favorite) => ({
  favorite_id: id,
  customer_number: user_id,
  product_number: item_id,
});
