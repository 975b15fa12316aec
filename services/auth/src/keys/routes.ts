import { reply, route, type Route } from '@clientela/http';
import { listReceiptKeys } from '../receipts/store.ts';
import { Jwks } from './schema.ts';
import { listPublicKeys } from './store.ts';

/** The algorithm and lifetime of access tokens. HS256 uses a shared secret, so it publishes no token keys. */
export type KeyDeps = { tokens: { algorithm: 'ES256' | 'HS256'; lifetimeMinutes: number } };

export const keyRoutes = (deps: KeyDeps): Route[] => [
  route({
    method: 'get',
    path: '/.well-known/jwks.json',
    operation: 'signing_keys.list',
    summary: 'Get the public keys of access tokens and erasure receipts (JWKS)',
    description:
      'The use member tells them apart. With HS256 there are no token keys. Receipt keys stay published permanently.',
    allow: 'open',
    tenancy: 'global',
    responses: { 200: Jwks },
    handle: async ({ db }) => {
      const { algorithm, lifetimeMinutes } = deps.tokens;
      const tokenKeys = algorithm === 'ES256' ? await listPublicKeys(db, lifetimeMinutes) : [];
      const keys = [...tokenKeys, ...(await listReceiptKeys(db))];
      return reply(200, { keys }, { 'Cache-Control': 'public, max-age=60' });
    },
  }),
];
