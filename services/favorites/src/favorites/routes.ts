import { accessLevel, type Permission } from '@clientela/contracts';
import { forbidden, notFound } from '@clientela/errors';
import { reply, route, type Actor, type Route } from '@clientela/http';
import { addFavorite, removeFavorites } from './actions.ts';
import type { CustomerAndProductClient, OwnCustomer, OwnCustomerClient } from './peer-clients.ts';
import {
  Favorite,
  FavoriteList,
  FavoriteQuery,
  NewFavorite,
  PopularList,
  PopularQuery,
  DeleteRequest,
  DeleteResponse,
} from './schema.ts';
import { listFavorites, listPopular } from './store.ts';

type PeerClients = { fetchCustomerAndProduct: CustomerAndProductClient; fetchOwnCustomer: OwnCustomerClient };

const paths = { path: '/api/favorites', aliases: ['/rest/v1/favorites'] };

/** Also allows role customer, restricted to its own favorites by `ownerOf`. */
const anyOrOwn = <P extends Permission>(permission: P) => ({ permission, own: () => true });

/** @throws AppError 403 for a customer whose record is suspended or inactive */
function requireActive(owner: OwnCustomer | undefined): OwnCustomer | undefined {
  if (owner && !owner.isActive)
    throw forbidden('Your customer record is not active, so that you cannot change favorites', 'CUSTOMER_SUSPENDED');
  return owner;
}

export function favoriteRoutes({ fetchCustomerAndProduct, fetchOwnCustomer }: PeerClients): Route[] {
  /** The customer to whose favorites the actor is restricted; undefined for access to all. */
  const ownerOf = async (permission: Permission, call: { actor: Actor; signal: AbortSignal }) => {
    const { role } = call.actor;
    return role !== 'service' && accessLevel(role, permission) === 'any' ? undefined : fetchOwnCustomer(call);
  };

  return [
    route({
      method: 'get',
      ...paths,
      operation: 'favorites.list',
      errors: { 404: ['CUSTOMER_NOT_FOUND'] },
      summary: 'List favorites',
      description:
        'Ordered by id. id, user_id and item_id may be repeated and match any of their values. Role customer sees only its own favorites.',
      allow: anyOrOwn('favorites:read'),
      tenancy: 'company-or-all',
      query: FavoriteQuery,
      responses: { 200: FavoriteList },
      prepare: ({ actor, signal }) => ownerOf('favorites:read', { actor, signal }),
      handle: ({ db, scope, query, prepared: owner }) => listFavorites(db, scope, query, owner),
    }),
    route({
      method: 'post',
      ...paths,
      operation: 'favorites.add',
      errors: {
        403: ['CUSTOMER_SUSPENDED'],
        404: ['CUSTOMER_NOT_FOUND', 'PRODUCT_NOT_FOUND'],
        409: ['CUSTOMER_DELETED'],
      },
      summary: 'Add a product to a customer’s favorites',
      description:
        'Returns 201 with the new favorite, or 200 with a renewed time when it exists. Role customer adds only to its own favorites.',
      allow: anyOrOwn('favorites:create'),
      body: NewFavorite,
      example: { user_id: 10_000_000, item_id: 10_000_000 },
      responses: { 200: Favorite, 201: Favorite },
      prepare: async ({ actor, body, signal }) => {
        const owner = await ownerOf('favorites:create', { actor, signal });
        if (owner && owner.number !== body.user_id) throw notFound('customer');
        requireActive(owner);
        return fetchCustomerAndProduct(body, { actor, signal });
      },
      handle: async ({ tx, actor, body, prepared }) => {
        const { favorite, added } = await addFavorite(tx, actor, { ...body, ...prepared });
        return reply(added ? 201 : 200, favorite);
      },
    }),
    route({
      method: 'delete',
      ...paths,
      operation: 'favorites.remove',
      errors: { 403: ['CUSTOMER_SUSPENDED'], 404: ['CUSTOMER_NOT_FOUND'] },
      summary: 'Delete favorites',
      description: 'Deletes those of the given ids that exist. Role customer deletes only its own favorites.',
      allow: anyOrOwn('favorites:delete'),
      body: DeleteRequest,
      example: { id: [1, 2] },
      responses: { 200: DeleteResponse },
      prepare: async ({ actor, signal }) => requireActive(await ownerOf('favorites:delete', { actor, signal })),
      handle: async ({ tx, actor, body, prepared: owner }) => ({
        success: true as const,
        message: null,
        data: { count_deleted: await removeFavorites(tx, actor, body.id, owner) },
      }),
    }),
    route({
      method: 'get',
      path: '/api/favorites/popular',
      aliases: ['/rest/v1/favorites/popular'],
      operation: 'favorites.list_popular',
      summary: 'List the most popular products',
      allow: 'favorites:read',
      query: PopularQuery,
      responses: { 200: PopularList },
      handle: ({ db, actor, query }) => listPopular(db, actor.company_id, query),
    }),
  ];
}
