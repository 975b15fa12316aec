import { favoriteAdded, favoriteRemoved } from '@clientela/contracts';
import type { Tx } from '@clientela/db';
import { notFound } from '@clientela/errors';
import { publish, publishAll } from '@clientela/events';
import type { CompanyActor } from '@clientela/http';
import { lockCustomer } from '../customers/store.ts';
import type { Favorite, NewFavorite } from './schema.ts';
import type { OwnCustomer } from './peer-clients.ts';
import { deleteFavorites, upsertFavorite } from './store.ts';

/**
 * Adds a product to a customer's favorites, or renews the time of an existing favorite.
 * @throws AppError 404 when the customer was hard-deleted since it was fetched
 */
export async function addFavorite(
  tx: Tx,
  actor: CompanyActor,
  input: NewFavorite & { customer_id: string; product_id: string },
): Promise<{ favorite: Favorite; added: boolean }> {
  if (!(await lockCustomer(tx, actor.company_id, input.customer_id))) throw notFound('customer');
  const { version, ...favorite } = await upsertFavorite(tx, actor.company_id, input);
  await publish(tx, favoriteAdded, actor, version, eventData(favorite));
  return { favorite, added: version === 1 };
}

/**
 * Deletes the favorites that exist among the given ids.
 * @param owner restricts the deletion to this customer's favorites
 * @returns the number of deleted favorites
 */
export async function removeFavorites(
  tx: Tx,
  actor: CompanyActor,
  ids: readonly number[],
  owner: OwnCustomer | undefined,
): Promise<number> {
  const removed = await deleteFavorites(tx, actor.company_id, ids, owner);
  const payloads = removed.map((favorite) => ({ sequence: favorite.version + 1, data: eventData(favorite) }));
  await publishAll(tx, favoriteRemoved, actor, payloads);
  return removed.length;
}

const eventData = ({ id, user_id, item_id }: Favorite) => ({
  favorite_id: id,
  customer_number: user_id,
  product_number: item_id,
});
