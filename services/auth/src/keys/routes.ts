import { reply, route, type Route } from '@clientela/http';
import { listReceiptKeys } from '../receipts/store.ts';
import { Jwks } from './schema.ts';
import { listPublicKeys } from './store.ts';

/** How tokens are made: by a key pair, or by a secret that has nothing public; and for how many minutes one is good. */
export type KeyParts = { tokens: { algorithm: 'ES256' | 'HS256'; minutes: number } };

export const keyRoutes = (parts: KeyParts): Route[] => [
  route({
    method: 'get',
    path: '/.well-known/jwks.json',
    summary: 'The public keys that verify access tokens, and receipts of erasures',
    description:
      'use tells them apart. There are none for tokens where those are signed by a shared secret (HS256); those for receipts stay for good.',
    allow: 'open',
    tenancy: 'global',
    responses: { 200: Jwks },
    handle: async ({ db }) => {
      const { algorithm, minutes } = parts.tokens;
      const tokens = algorithm === 'ES256' ? await listPublicKeys(db, minutes) : [];
      return reply(
        200,
        { keys: [...tokens, ...(await listReceiptKeys(db))] },
        { 'Cache-Control': 'public, max-age=60' },
      );
    },
  }),
];
