import { accessLevel, type Permission } from '@clientela/contracts';
import { notFound } from '@clientela/errors';
import { reply, route, type Actor, type Route } from '@clientela/http';
import { addFavorite, removeFavorites } from './actions.ts';
import type { OwnLookup, PairLookup } from './lookup.ts';
import {
  Favorite,
  FavoriteList,
  FavoriteQuery,
  NewFavorite,
  PopularList,
  PopularQuery,
  Removal,
  Removed,
} from './schema.ts';
import { listFavorites, listPopular } from './store.ts';

type Lookups = { pairs: PairLookup; own: OwnLookup };

/** The same doors under both names, and what is liked most. */
export const favoriteRoutes = (lookups: Lookups): Route[] => [
  ...['/rest/v1/favorites', '/api/favorites'].flatMap((path) => doors(path, lookups)),
  route({
    method: 'get',
    path: '/api/favorites/popular',
    summary: 'List the products that most customers keep',
    allow: 'favorites:read',
    query: PopularQuery,
    responses: { 200: PopularList },
    handle: ({ db, actor, query }) => listPopular(db, actor.company_id, query),
  }),
];

/** Also for those who reach their own favorites only: which these are is seen in the query or body, by `ownerOf`. */
const orOwn = <P extends Permission>(permission: P) => ({ permission, own: () => true });

function doors(path: string, { pairs, own }: Lookups): Route[] {
  /** Whose favorites alone the caller reaches; undefined for everybody's. */
  const ownerOf = async (permission: Permission, call: { actor: Actor; signal: AbortSignal }) => {
    const { role } = call.actor;
    return role !== 'service' && accessLevel(role, permission) === 'any' ? undefined : own(call);
  };

  return [
    route({
      method: 'get',
      path,
      summary: 'List favorites',
      description:
        'By id. id, user_id and item_id may be repeated: any of the given ones. Role customer sees its own alone.',
      allow: orOwn('favorites:read'),
      tenancy: 'company-or-all',
      query: FavoriteQuery,
      responses: { 200: FavoriteList },
      prepare: ({ actor, signal }) => ownerOf('favorites:read', { actor, signal }),
      handle: ({ db, scope, query, prepared: owner }) => listFavorites(db, scope, query, owner),
    }),
    route({
      method: 'post',
      path,
      summary: 'Add a product to a customer’s favorites',
      description:
        '201 with the favorite; 200 with its time renewed when it was there already. Role customer adds to its own.',
      allow: orOwn('favorites:create'),
      body: NewFavorite,
      responses: { 200: Favorite, 201: Favorite },
      prepare: async ({ actor, body, signal }) => {
        const owner = await ownerOf('favorites:create', { actor, signal });
        if (owner && owner.number !== body.user_id) throw notFound('customer');
        return pairs(body, { actor, signal });
      },
      handle: async ({ tx, actor, body, prepared }) => {
        const { favorite, added } = await addFavorite(tx, actor, { ...body, ...prepared });
        return reply(added ? 201 : 200, favorite);
      },
    }),
    route({
      method: 'delete',
      path,
      summary: 'Remove favorites',
      description: 'Those of the given ids that are there; role customer removes its own alone.',
      allow: orOwn('favorites:delete'),
      body: Removal,
      responses: { 200: Removed },
      prepare: ({ actor, signal }) => ownerOf('favorites:delete', { actor, signal }),
      handle: async ({ tx, actor, body, prepared: owner }) => ({
        success: true as const,
        message: null,
        data: { count_deleted: await removeFavorites(tx, actor, body.id, owner) },
      }),
    }),
  ];
}
