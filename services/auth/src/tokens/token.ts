import { createHash, randomBytes } from 'node:crypto';
import { AppError } from '@clientela/errors';
import { z } from 'zod';

/** What a link in a mail allows. */
export type TokenPurpose = 'verify_email' | 'reset_password' | 'change_email';

/** Hours for which a token is valid, from the moment its mail is sent. */
export const tokenHours: Readonly<Record<TokenPurpose, number>> = {
  verify_email: 24,
  reset_password: 1,
  change_email: 24,
};

/** 256 random bits. */
export const generateToken = (): string => randomBytes(32).toString('base64url');

/** Hashes a token for storage. It is random, so that a fast hash is enough. */
export const hashToken = (token: string): Buffer => createHash('sha256').update(token).digest();

/** A token as a request sends it. A malformed one gets the same response as an unknown one. */
export const Token = z.string().min(1).max(200).meta({ description: 'The token in the link of a mail' });

/** 422 for a token that is unknown, spent, expired, or replaced by a newer one. @param path the field that holds it */
export const tokenInvalid = (path = 'token'): AppError =>
  new AppError('invalid', {
    error_code: 'TOKEN_INVALID',
    detail: `The ${path === 'token' ? 'token' : 'code'} is invalid or has expired; ask for a new one`,
    errors: [{ path, message: 'is invalid or has expired' }],
  });
