import { Revocations } from '@clientela/contracts';
import { unauthenticated } from '@clientela/errors';
import { route, type Route } from '@clientela/http';
import { Message } from '@clientela/validation';
import { toUser } from '../accounts/presenter.ts';
import { SignInResponse } from '../accounts/schema.ts';
import { authAliases } from '../auth-aliases.ts';
import type { KeyDeps } from '../keys/routes.ts';
import { tokenFor, type TokenDeps } from './access-token.ts';
import { endOwnSession, renewSession, signOut, signOutEverywhere } from './actions.ts';
import { parseRefreshToken } from './refresh-token.ts';
import { RefreshRequest, RevocationsQuery, SessionList, SessionParams } from './schema.ts';
import type { SessionOptions } from './session-lifecycle.ts';
import { findSession, listRevocations, listSessions } from './store.ts';

export type SessionDeps = KeyDeps & TokenDeps & { sessions: SessionOptions };

export const sessionRoutes = (deps: SessionDeps): Route[] => [
  refresh(deps),
  logout(),
  logoutAll(),
  listOwn(),
  endOne(),
  revocations(deps),
];

/** Returns the same error for a forged, used or expired token and for an ended session. */
const invalidToken = () => unauthenticated('Invalid or expired refresh token; sign in again');

const refresh = (deps: SessionDeps) =>
  route({
    method: 'post',
    path: '/auth/refresh',
    aliases: authAliases('/refresh'),
    operation: 'auth.refresh',
    summary: 'Refresh the tokens',
    description:
      'Rotates the refresh token. Sent again within 10 seconds, while its successor is unused, the token returns the same successor; sent later, it ends the session.',
    allow: 'open',
    tenancy: 'global',
    body: RefreshRequest,
    example: { refresh_token: 'of the last sign-in or refresh' },
    responses: { 200: SignInResponse },
    errors: { 401: ['UNAUTHENTICATED'] },
    transaction: 'own', // a rejected token may end the session, which must be committed
    prepare: async ({ db, body }) => {
      const parsed = parseRefreshToken(body.refresh_token);
      const session = parsed && (await findSession(db, parsed.id));
      if (!session || !deps.sessions.refreshTokens.verify(parsed, session)) throw invalidToken();
      return { session, parsed, token: body.refresh_token };
    },
    handle: async ({ db, prepared, request_id, client_ip }) => {
      const renewed = await db.transaction((tx) =>
        renewSession(tx, deps.sessions, prepared, { request_id, client_ip }),
      );
      if (!renewed) throw invalidToken();
      const { user, session_id, refresh_token } = renewed;
      const token = tokenFor(deps, user, session_id);
      return { message: 'Tokens renewed', ...token, refresh_token, user: toUser(user) };
    },
  });

const logout = () =>
  route({
    method: 'post',
    path: '/auth/logout',
    aliases: authAliases('/logout'),
    operation: 'auth.logout',
    summary: 'Sign out',
    description: 'Ends this session. The gateway rejects its access token within 2 seconds.',
    allow: 'signed_in',
    limited: ['verify_email', 'mfa_setup'],
    tenancy: 'global',
    responses: { 200: Message },
    handle: async ({ tx, actor }) => {
      await signOut(tx, actor);
      return { message: 'Signed out' };
    },
  });

const logoutAll = () =>
  route({
    method: 'post',
    path: '/auth/logout-all',
    aliases: authAliases('/logout-all'),
    operation: 'auth.logout_all',
    summary: 'Sign out everywhere',
    description: 'Ends all of your sessions, including this one.',
    allow: 'signed_in',
    tenancy: 'global',
    responses: { 200: Message },
    handle: async ({ tx, actor }) => {
      await signOutEverywhere(tx, actor);
      return { message: 'Signed out everywhere' };
    },
  });

const listOwn = () =>
  route({
    method: 'get',
    path: '/auth/sessions',
    aliases: authAliases('/sessions'),
    operation: 'sessions.list',
    summary: 'List your live sessions',
    allow: 'signed_in',
    tenancy: 'global',
    responses: { 200: SessionList },
    handle: async ({ db, actor }) => {
      const sessions = await listSessions(db, actor.id);
      return {
        sessions: sessions.map((session) => Object.assign(session, { current: session.id === actor.session_id })),
      };
    },
  });

const endOne = () =>
  route({
    method: 'delete',
    path: '/auth/sessions/{session_id}',
    aliases: authAliases('/sessions/{session_id}'),
    operation: 'sessions.end',
    errors: { 404: ['SESSION_NOT_FOUND'] },
    summary: 'End one of your sessions',
    allow: 'signed_in',
    tenancy: 'global',
    params: SessionParams,
    responses: { 200: Message },
    handle: async ({ tx, actor, params }) => {
      await endOwnSession(tx, actor, params.session_id);
      return { message: 'Session ended' };
    },
  });

const revocations = (deps: SessionDeps) =>
  route({
    method: 'get',
    path: '/internal/revocations',
    summary: 'List revoked sessions and inactive companies',
    description: 'Covers every revocation whose tokens have not expired yet; with since, only those at or after it.',
    allow: { internal: ['gateway'] },
    tenancy: 'global',
    query: RevocationsQuery,
    isPolled: true,
    responses: { 200: Revocations.strict() },
    handle: ({ db, query }) => listRevocations(db, deps.tokens.lifetimeMinutes, query.since),
  });
