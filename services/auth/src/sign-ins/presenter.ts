import { unauthenticated } from '@clientela/errors';
import { toUser } from '../accounts/presenter.ts';
import { tokenFor, type TokenDeps } from '../sessions/access-token.ts';
import type { SignIn } from './start-session.ts';

/** The error codes of every route that responds by `toSignInResponse`. */
export const signInErrors = { 401: ['UNAUTHENTICATED', 'MFA_REQUIRED'] };

/**
 * The response of every way to sign in. Call it after the commit, so that the token is stored by which the sign-in goes on.
 * @throws AppError 401 MFA_REQUIRED with `mfa_token`, for a user with a second factor
 */
export function toSignInResponse(deps: TokenDeps, message: string, signIn: SignIn) {
  if ('mfa_token' in signIn)
    throw unauthenticated('Send the code of your authenticator app to /auth/login/mfa', 'MFA_REQUIRED', {
      mfa_token: signIn.mfa_token,
    });
  const { user, session_id, refresh_token } = signIn;
  return { message, ...tokenFor(deps, user, session_id), refresh_token, user: toUser(user) };
}
