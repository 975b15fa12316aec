import { randomUUID } from 'node:crypto';
import type { Role, TokenLimit } from '@clientela/contracts';
import jwt from 'jsonwebtoken';
import { requiresFactor } from '../accounts/rules.ts';
import type { StoredUser } from '../accounts/store.ts';
import type { SigningKey } from '../keys/signing-key.ts';

/** The claims of a token; a superuser has no company. */
export type TokenSubject = {
  user_id: string;
  session_id: string;
  role: Role;
  company_id: string | null;
  /** What the user has to do first: the gateway admits the token to the routes for that only. */
  limited?: TokenLimit | undefined;
};

export type AccessToken = { access_token: string; token_type: 'Bearer'; expires_in: number };

export type IssueToken = (subject: TokenSubject) => AccessToken;

/**
 * Issues access tokens: JWTs signed by ES256 or HS256 (RFC 7518), typed `at+jwt` (RFC 9068).
 * @param current returns the key that signs now
 * @param lifetimeMinutes of a token
 */
export const createTokenIssuer =
  (current: () => SigningKey, lifetimeMinutes: number): IssueToken =>
  ({ user_id, session_id, role, company_id, limited }) => {
    const { alg, kid, key } = current();
    const expires_in = lifetimeMinutes * 60;
    const claims = { sid: session_id, role, ...(company_id && { company_id }), ...(limited && { limited }) };
    const access_token = jwt.sign(claims, key, {
      algorithm: alg,
      header: { alg, typ: 'at+jwt', ...(kid !== undefined && { kid }) },
      subject: user_id,
      issuer: 'clientela',
      audience: 'clientela',
      expiresIn: expires_in,
      jwtid: randomUUID(),
    });
    return { access_token, token_type: 'Bearer', expires_in };
  };

export type TokenDeps = {
  issueToken: IssueToken;
  /** REQUIRE_VERIFIED_EMAIL: users who joined under it get limited tokens until they have verified their address. */
  requireVerifiedEmail: boolean;
};

/** Issues the access token of a user's session. */
export const tokenFor = (
  { issueToken, requireVerifiedEmail }: TokenDeps,
  user: StoredUser,
  session_id: string,
): AccessToken => {
  const { id: user_id, role, business_id: company_id } = user;
  return issueToken({ user_id, session_id, role, company_id, limited: limitOf(user, requireVerifiedEmail) });
};

/** What a user has to do first. Whoever has verified the address and still lacks a factor gets the second limit at the next refresh. */
function limitOf(user: StoredUser, requireVerifiedEmail: boolean): TokenLimit | undefined {
  if (requireVerifiedEmail && user.must_verify_email && user.email_verified_at === null) return 'verify_email';
  return requiresFactor(user) && user.mfa_since === null ? 'mfa_setup' : undefined;
}
