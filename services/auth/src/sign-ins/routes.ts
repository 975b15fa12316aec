import type { Db } from '@clientela/db';
import { invalid, unauthenticated } from '@clientela/errors';
import { route, type Route } from '@clientela/http';
import { Message } from '@clientela/validation';
import { passwordDeadlines, type Passwords } from '../accounts/passwords.ts';
import { passwordError } from '../accounts/rules.ts';
import { Credentials, PasswordChange, SignInResponse } from '../accounts/schema.ts';
import { findUser } from '../accounts/store.ts';
import { requireActive } from '../accounts/user-changes.ts';
import { authAliases } from '../auth-aliases.ts';
import type { SecondFactors } from '../second-factors/codes.ts';
import type { SessionDeps } from '../sessions/routes.ts';
import type { SessionOptions } from '../sessions/session-lifecycle.ts';
import { attemptSignIn, changePassword, expectedUser, signInUnchanged, type Attempt } from './actions.ts';
import { provePassword, wrongPassword } from './password-proof.ts';
import { signInErrors, toSignInResponse } from './presenter.ts';
import { MfaSignIn } from './schema.ts';
import { attemptSecondStep } from './second-step.ts';
import type { SignInRequest } from './start-session.ts';
import { failedByChange, findSignInUser, type FoundUser } from './store.ts';

export type SignInDeps = SessionDeps & { passwords: Passwords; secondFactors: SecondFactors };

export const signInRoutes = (deps: SignInDeps): Route[] => [
  signIn(deps),
  completeSignIn(deps),
  changeOwnPassword(deps),
];

/** Returns the same error for a wrong password, an unknown, locked or inactive user, and an inactive company. */
const invalidCredentials = () => unauthenticated('Invalid e-mail or password');

/** Signs in by a single round trip. @returns undefined when the attempt has to be judged under the lock */
async function signInAtOnce(db: Db, options: SessionOptions, attempt: Attempt, request: SignInRequest) {
  const found = expectedUser(attempt);
  if (!found) return undefined;
  try {
    return await db.transaction(async (tx) => signInUnchanged(tx, options, found, request));
  } catch (error) {
    if (failedByChange(error)) return undefined;
    throw error;
  }
}

const signIn = (deps: SignInDeps) =>
  route({
    method: 'post',
    path: '/auth/login',
    aliases: authAliases('/login'),
    addressRateLimit: 'login',
    operation: 'auth.login',
    summary: 'Sign in',
    description:
      'Takes email (or ds_user_email), username or username_or_email, and password. Every failure returns the same 401. A user with a second factor gets a 401 MFA_REQUIRED with an mfa_token, valid for 5 minutes, for /auth/login/mfa. 5 failures lock the account for their network for 15 minutes; 50 in an hour lock it for networks without a recent sign-in.',
    allow: 'open',
    tenancy: 'global',
    ...passwordDeadlines,
    body: Credentials,
    example: { email: 'ana@example.com', password: 'correct horse battery' },
    responses: { 200: SignInResponse },
    errors: signInErrors,
    transaction: 'own', // a failed attempt is recorded and must be committed
    prepare: async ({ db, body, signal }) => {
      let user: FoundUser = { found: undefined, hasFailures: false };
      const find = async () => {
        user = await findSignInUser(db, body);
        return user.found?.password_hash ?? undefined;
      };
      const check = await deps.passwords.verify(body.password, find, signal);
      return { ...user, check };
    },
    handle: async ({ db, prepared, client_ip, user_agent, request_id }) => {
      const request = { ip: client_ip, device: user_agent, request_id };
      const signedIn =
        (await signInAtOnce(db, deps.sessions, prepared, request)) ??
        (await db.transaction((tx) => attemptSignIn(tx, deps.sessions, prepared, request)));
      if (!signedIn) throw invalidCredentials();
      return toSignInResponse(deps, 'Signed in', signedIn);
    },
  });

/** For a token that is unknown, spent, expired or void after five wrong codes. */
const tokenEnded = () => unauthenticated('The sign-in has expired; begin again with the password', 'MFA_TOKEN_INVALID');

const completeSignIn = (deps: SignInDeps) =>
  route({
    method: 'post',
    path: '/auth/login/mfa',
    aliases: authAliases('/login/mfa'),
    addressRateLimit: 'login',
    operation: 'auth.login.mfa',
    summary: 'Complete a sign-in by the second factor',
    description:
      'Takes the mfa_token of the 401 MFA_REQUIRED, and a code of the authenticator app or a recovery code; each is good once. A wrong one counts as a failed sign-in; the fifth ends the mfa_token (401 MFA_TOKEN_INVALID).',
    allow: 'open',
    tenancy: 'global',
    idempotency: 'reject',
    body: MfaSignIn,
    example: { mfa_token: 'of the first step', code: '492039' },
    responses: { 200: SignInResponse },
    errors: { 401: ['MFA_CODE_INVALID', 'MFA_TOKEN_INVALID'] },
    transaction: 'own', // a failed attempt is recorded and must be committed
    handle: async ({ db, body, client_ip, user_agent, request_id }) => {
      const request = { ip: client_ip, device: user_agent, request_id };
      const result = await db.transaction((tx) => attemptSecondStep(tx, deps, body, request));
      if (result === 'ended') throw tokenEnded();
      if (result === 'wrong') throw unauthenticated('The code is wrong or was used before', 'MFA_CODE_INVALID');
      return toSignInResponse(deps, 'Signed in', result);
    },
  });

const invalidField = (path: string, message: string) => invalid([{ path, message }]);

const changeOwnPassword = (deps: SignInDeps) =>
  route({
    method: 'post',
    path: '/auth/change-password',
    aliases: authAliases('/change-password'),
    addressRateLimit: 'login',
    operation: 'auth.change_password',
    summary: 'Change your password',
    description:
      'Ends your other sessions. A wrong current_password returns a 422 that names it, and counts as a failed sign-in. The new password follows the rules of registration.',
    allow: 'signed_in',
    tenancy: 'global',
    ...passwordDeadlines,
    body: PasswordChange,
    example: { current_password: 'correct horse battery', new_password: 'a better horse battery' },
    responses: { 200: Message },
    transaction: 'own', // a failed attempt is recorded and must be committed
    idempotency: 'off', // a repeated request must verify the password again
    prepare: async ({ db, actor, body, signal }) => {
      const message = passwordError(body.new_password, requireActive(await findUser(db, actor.id)));
      if (message) throw invalidField('new_password', message);
      const proof = await provePassword(deps.passwords, db, actor.id, body.current_password, signal);
      const password_hash = proof.isValid ? await deps.passwords.hash(body.new_password, signal) : undefined;
      return { ...proof, password_hash };
    },
    handle: async ({ db, actor, prepared }) => {
      const changed = await db.transaction((tx) => changePassword(tx, actor, prepared));
      if (!changed) throw wrongPassword();
      return { message: 'Password changed' };
    },
  });
