import { randomUUID } from 'node:crypto';
import type { Role } from '@clientela/contracts';
import jwt from 'jsonwebtoken';
import type { SigningKey } from '../keys/signing-key.ts';

/** Whom a token speaks for; a superuser has no company. */
export type Bearer = { user_id: string; session_id: string; role: Role; company_id: string | null };

export type AccessToken = { access_token: string; token_type: 'Bearer'; expires_in: number };

export type IssueToken = (bearer: Bearer) => AccessToken;

/**
 * Makes access tokens: JWTs by ES256 or HS256 (RFC 7518), of the type that RFC 9068 gives them.
 * @param current the key that signs now
 * @param minutes for which a token is good
 */
export const tokenIssuer =
  (current: () => SigningKey, minutes: number): IssueToken =>
  ({ user_id, session_id, role, company_id }) => {
    const { alg, kid, key } = current();
    const expires_in = minutes * 60;
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
