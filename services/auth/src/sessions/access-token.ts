import { randomUUID } from 'node:crypto';
import type { Role } from '@clientela/contracts';
import jwt from 'jsonwebtoken';
import type { SigningKey } from '../keys/signing-key.ts';

/** The claims of a token; a superuser has no company. */
export type TokenSubject = { user_id: string; session_id: string; role: Role; company_id: string | null };

export type AccessToken = { access_token: string; token_type: 'Bearer'; expires_in: number };

export type IssueToken = (subject: TokenSubject) => AccessToken;

/**
 * Issues access tokens: JWTs signed by ES256 or HS256 (RFC 7518), typed `at+jwt` (RFC 9068).
 * @param current returns the key that signs now
 * @param lifetimeMinutes of a token
 */
export const createTokenIssuer =
  (current: () => SigningKey, lifetimeMinutes: number): IssueToken =>
  ({ user_id, session_id, role, company_id }) => {
    const { alg, kid, key } = current();
    const expires_in = lifetimeMinutes * 60;
    const access_token = jwt.sign({ sid: session_id, role, ...(company_id && { company_id }) }, key, {
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
