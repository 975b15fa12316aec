import { nameSchemas } from '@clientela/validation';
import { z } from 'zod';

/** A public key (RFC 7517; RFC 7518, section 6.2). Receipt keys have their own `use`, so that token verifiers ignore them. */
export const PublicJwk = z.strictObject({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string(),
  y: z.string(),
  kid: z.string(),
  use: z.enum(['sig', 'receipts']).meta({
    description:
      'sig: verifies access tokens, published until the last one has expired; receipts: verifies erasure receipts, published permanently',
  }),
  alg: z.literal('ES256'),
});
export type PublicJwk = z.infer<typeof PublicJwk>;

export const Jwks = z.strictObject({ keys: z.array(PublicJwk) });

nameSchemas({ PublicJwk, Jwks });
