import { reply, route, type Route } from '@clientela/http';
import { addFavorite } from './actions.ts';
import type { PairLookup } from './lookup.ts';
import { Favorite, FavoriteList, FavoriteQuery, NewFavorite } from './schema.ts';
import { listFavorites } from './store.ts';

/** The same doors under both names. */
export const favoriteRoutes = (pairs: PairLookup): Route[] =>
  ['/rest/v1/favorites', '/api/favorites'].flatMap((path) => doors(path, pairs));

const doors = (path: string, pairs: PairLookup): Route[] => [
  route({
    method: 'get',
    path,
    summary: 'List favorites',
    description: 'By id. id, user_id and item_id may be repeated: any of the given ones.',
    allow: 'favorites:read',
    reaches: 'list',
    query: FavoriteQuery,
    responses: { 200: FavoriteList },
    handle: ({ db, scope, query }) => listFavorites(db, scope, query),
  }),
  route({
    method: 'post',
    path,
    summary: 'Add a product to a customer’s favorites',
    description: '201 with the favorite; 200 with its time renewed when it was there already.',
    allow: 'favorites:create',
    body: NewFavorite,
    responses: { 200: Favorite, 201: Favorite },
    prepare: ({ actor, body, signal }) => pairs(body, { actor, signal }),
    handle: async ({ tx, actor, body, prepared }) => {
      const { favorite, added } = await addFavorite(tx, actor, { ...body, ...prepared });
      return reply(added ? 201 : 200, favorite);
    },
  }),
];
