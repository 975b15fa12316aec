import { invalid, unauthenticated } from '@clientela/errors';
import { route, type Route } from '@clientela/http';
import { acting } from '../accounts/changes.ts';
import type { Passwords } from '../accounts/passwords.ts';
import { shown } from '../accounts/routes.ts';
import { passwordFault } from '../accounts/rules.ts';
import { Credentials, PasswordChange, SignedIn } from '../accounts/schema.ts';
import { findUser } from '../accounts/store.ts';
import type { SessionParts } from '../sessions/routes.ts';
import { Done } from '../sessions/schema.ts';
import { attemptSignIn, changePassword } from './actions.ts';
import { findForSignIn, findPassword, type SignInRecord } from './store.ts';

/** What these doors work with. */
export type SignInParts = SessionParts & { passwords: Passwords };

/** Every door stands under both of its names. */
export const signInRoutes = (parts: SignInParts): Route[] =>
  ['/auth', '/api/auth'].flatMap((path) => [
    login(`${path}/login`, parts),
    changeOfPassword(`${path}/change-password`, parts),
  ]);

const deadline = 15_000; // the turn to be hashed may take a while

/** Wrong, unknown, locked, inactive, or of an inactive company: one answer for all of them. */
const refused = () => unauthenticated('These credentials do not sign anybody in');

const login = (path: string, parts: SignInParts) =>
  route({
    method: 'post',
    path,
    summary: 'Sign in',
    description:
      'By email (or ds_user_email) or username, and password. Whatever is wrong, the answer is the same 401. 5 failures lock the account for the address they came from for 15 minutes; 50 in an hour lock it for addresses it has not signed in from lately.',
    allow: 'open',
    tenancy: 'global',
    deadline,
    body: Credentials,
    responses: { 200: SignedIn },
    transaction: 'own', // a refusal counts
    prepare: async ({ db, body, signal }) => {
      let record: SignInRecord | undefined;
      const find = async () => {
        record = await findForSignIn(db, body);
        return record?.password_hash;
      };
      const verdict = await parts.passwords.verify(body.password, find, signal);
      return { record, verdict };
    },
    handle: async ({ db, prepared, client_ip, user_agent, request_id }) => {
      const request = { ip: client_ip, device: user_agent, request_id };
      const begun = await db.transaction((tx) => attemptSignIn(tx, parts.sessions, prepared, request));
      if (!begun) throw refused();
      const { user, session_id, refresh_token } = begun;
      const token = parts.issue_token({ user_id: user.id, session_id, role: user.role, company_id: user.business_id });
      return { message: 'Signed in', ...token, refresh_token, user: shown(user) };
    },
  });

const wrong = (path: string, message: string) => invalid([{ path, message }]);

const changeOfPassword = (path: string, parts: SignInParts) =>
  route({
    method: 'post',
    path,
    summary: 'Change one’s own password',
    description:
      'Ends the other sessions. A current_password that is not right is a 422 that names it, and counts as a failed sign-in. The new one is judged as at registration.',
    allow: 'signed_in',
    tenancy: 'global',
    deadline,
    body: PasswordChange,
    responses: { 200: Done },
    transaction: 'own', // a refusal counts
    idempotency: 'off', // a password that was right once is judged again
    prepare: async ({ db, actor, body, signal }) => {
      const fault = passwordFault(body.new_password, acting(await findUser(db, actor.id)));
      if (fault) throw wrong('new_password', fault);
      let record: SignInRecord | undefined;
      const find = async () => {
        record = await findPassword(db, actor.id);
        return record?.password_hash;
      };
      const { right } = await parts.passwords.verify(body.current_password, find, signal);
      const password_hash = right ? await parts.passwords.hash(body.new_password, signal) : undefined;
      return { record, password_hash };
    },
    handle: async ({ db, actor, prepared: { record, password_hash } }) => {
      const changed = await db.transaction((tx) => changePassword(tx, actor, { record, password_hash }));
      if (!changed) throw wrong('current_password', 'is not your password');
      return { message: 'Password changed' };
    },
  });
