import { favoriteAdded } from '@clientela/contracts';
import type { Tx } from '@clientela/db';
import { notFound } from '@clientela/errors';
import { publish } from '@clientela/events';
import type { CompanyActor } from '@clientela/http';
import { holdCustomer } from '../customers/store.ts';
import type { Favorite, NewFavorite } from './schema.ts';
import { upsertFavorite } from './store.ts';

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
  await publish(tx, favoriteAdded, actor, version, {
    favorite_id: favorite.id,
    customer_number: favorite.user_id,
    product_number: favorite.item_id,
  });
  return { favorite, added: version === 1 };
}
