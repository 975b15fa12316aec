import { reply, route, type Route } from '@clientela/http';
import { Jwks } from './schema.ts';
import { listPublicKeys } from './store.ts';

export const keyRoutes = (): Route[] => [
  route({
    method: 'get',
    path: '/.well-known/jwks.json',
    summary: 'The public keys that verify access tokens',
    allow: 'open',
    reaches: 'installation',
    responses: { 200: Jwks },
    handle: async ({ db }) => reply(200, { keys: await listPublicKeys(db) }, { 'Cache-Control': 'public, max-age=60' }),
  }),
];
