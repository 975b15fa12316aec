import { Revocations } from '@clientela/contracts';
import { unauthenticated } from '@clientela/errors';
import { route, type Route } from '@clientela/http';
import { SignedIn } from '../accounts/schema.ts';
import { shown } from '../accounts/routes.ts';
import type { KeyParts } from '../keys/routes.ts';
import type { IssueToken } from './access-token.ts';
import { endOwnSession, renewSession, signOut, signOutEverywhere } from './actions.ts';
import type { SessionRules } from './lifetime.ts';
import { readToken } from './refresh-token.ts';
import { Done, RefreshRequest, RevocationsQuery, SessionList, SessionParams } from './schema.ts';
import { findSession, listRevocations, listSessions } from './store.ts';

/** What these doors work with. */
export type SessionParts = KeyParts & {
  sessions: SessionRules;
  issue_token: IssueToken;
};

/** Every door stands under both of its names. */
export const sessionRoutes = (parts: SessionParts): Route[] => [
  ...['/auth', '/api/auth'].flatMap((path) => [
    refresh(`${path}/refresh`, parts),
    logout(`${path}/logout`),
    logoutAll(`${path}/logout-all`),
    list(`${path}/sessions`),
    end(`${path}/sessions/{session_id}`),
  ]),
  revocations(parts),
];

/** Forged, spent, expired, of an ended session: one answer for all of them. */
const refused = () => unauthenticated('The refresh token is not valid, or no longer; sign in again');

const refresh = (path: string, parts: SessionParts) =>
  route({
    method: 'post',
    path,
    summary: 'Renew the tokens',
    description:
      'The token is spent. Used again within 10 seconds, while its successor is unused, it gets the same successor again; used later, it ends the session.',
    allow: 'open',
    tenancy: 'global',
    body: RefreshRequest,
    responses: { 200: SignedIn },
    transaction: 'own', // a refusal may end the session, which is committed
    prepare: async ({ db, body }) => {
      const claimed = readToken(body.refresh_token);
      const session = claimed && (await findSession(db, claimed.id));
      if (!session || !parts.sessions.refresh.proves(claimed, session)) throw refused();
      return { session, claimed, token: body.refresh_token };
    },
    handle: async ({ db, prepared, request_id, client_ip }) => {
      const renewed = await db.transaction((tx) =>
        renewSession(tx, parts.sessions, prepared, { request_id, client_ip }),
      );
      if (!renewed) throw refused();
      const { user, session_id, refresh_token } = renewed;
      const token = parts.issue_token({ user_id: user.id, session_id, role: user.role, company_id: user.business_id });
      return { message: 'Tokens renewed', ...token, refresh_token, user: shown(user) };
    },
  });

const logout = (path: string) =>
  route({
    method: 'post',
    path,
    summary: 'Sign out',
    description: 'Ends this session: its access token stops working at the gateway within 2 seconds.',
    allow: 'signed_in',
    tenancy: 'global',
    responses: { 200: Done },
    handle: async ({ tx, actor }) => {
      await signOut(tx, actor);
      return { message: 'Signed out' };
    },
  });

const logoutAll = (path: string) =>
  route({
    method: 'post',
    path,
    summary: 'Sign out everywhere',
    description: 'Ends all sessions of the caller, this one too.',
    allow: 'signed_in',
    tenancy: 'global',
    responses: { 200: Done },
    handle: async ({ tx, actor }) => {
      await signOutEverywhere(tx, actor);
      return { message: 'Signed out everywhere' };
    },
  });

const list = (path: string) =>
  route({
    method: 'get',
    path,
    summary: 'The caller’s live sessions',
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

const end = (path: string) =>
  route({
    method: 'delete',
    path,
    summary: 'End one of the caller’s sessions',
    allow: 'signed_in',
    tenancy: 'global',
    params: SessionParams,
    responses: { 200: Done },
    handle: async ({ tx, actor, params }) => {
      await endOwnSession(tx, actor, params.session_id);
      return { message: 'Session ended' };
    },
  });

const revocations = (parts: SessionParts) =>
  route({
    method: 'get',
    path: '/internal/revocations',
    summary: 'Whose tokens are good no longer',
    description: 'Everything that is revoked and could still be used; with since, what was revoked at or after it.',
    allow: { internal: ['gateway'] },
    tenancy: 'global',
    query: RevocationsQuery,
    responses: { 200: Revocations.strict() },
    handle: ({ db, query }) => listRevocations(db, parts.tokens.minutes, query.since),
  });
