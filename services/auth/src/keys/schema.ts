import { z } from 'zod';

/** A public key for verifying tokens (RFC 7517, RFC 7518 section 6.2). */
export const PublicJwk = z.strictObject({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string(),
  y: z.string(),
  kid: z.string(),
  use: z.literal('sig'),
  alg: z.literal('ES256'),
});
export type PublicJwk = z.infer<typeof PublicJwk>;

export const Jwks = z.strictObject({ keys: z.array(PublicJwk) });
