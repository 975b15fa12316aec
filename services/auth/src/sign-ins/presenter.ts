import { toUser } from '../accounts/presenter.ts';
import { tokenFor, type TokenDeps } from '../sessions/access-token.ts';
import type { SignIn } from './start-session.ts';

/** The response of every way to sign in. Call it after the commit. */
export function toSignInResponse(deps: TokenDeps, message: string, { user, session_id, refresh_token }: SignIn) {
  return { message, ...tokenFor(deps, user, session_id), refresh_token, user: toUser(user) };
}
