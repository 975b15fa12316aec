import type { Role } from '@clientela/contracts';
import type { Db } from '@clientela/db';
import { conflict, invalid } from '@clientela/errors';
import { route, type Route } from '@clientela/http';
import { Message } from '@clientela/validation';
import { passwordDeadlines, type Passwords } from '../accounts/passwords.ts';
import { toUser } from '../accounts/presenter.ts';
import { localPart, passwordError, splitName, type Account } from '../accounts/rules.ts';
import type { CreateProfile } from '../accounts/customer-profiles.ts';
import { authAliases } from '../auth-aliases.ts';
import { findCode, type SpentCode } from '../identities/store.ts';
import { chooseLanguage } from '../mails/rules.ts';
import { requireMail, type Mails } from '../mails/outbox.ts';
import type { SessionDeps } from '../sessions/routes.ts';
import { tokenFor } from '../sessions/access-token.ts';
import { tokenInvalid } from '../tokens/token.ts';
import { roleAboveOwn } from '../users/actions.ts';
import { requireCompany } from '../users/company.ts';
import { outranks } from '../users/rules.ts';
import { acceptInvitation, inviteUser, openInvitation, resendInvitation, withdrawInvitation } from './actions.ts';
import { settleInvitation } from './invitation-lifecycle.ts';
import { toInvitationResponse } from './presenter.ts';
import {
  InvitationAcceptance,
  InvitationList,
  InvitationParams,
  InvitationPreview,
  InvitationQuery,
  InvitationResponse,
  InvitationToken,
  NewInvitation,
  SignInResponse,
} from './schema.ts';
import { findInvitation, findInvitationByToken, listInvitations, type StoredInvitation } from './store.ts';

export type InvitationDeps = SessionDeps & { mails: Mails; passwords: Passwords; createProfile: CreateProfile };

const path = '/api/v1/invitations';
const invitationPath = `${path}/{invitation_id}`;
const mailErrors = { 503: ['MAIL_NOT_CONFIGURED'] };

export const invitationRoutes = (deps: InvitationDeps): Route[] => [
  list(),
  create(deps),
  resend(deps),
  withdraw(),
  lookUp(),
  accept(deps),
];

const list = () =>
  route({
    method: 'get',
    path,
    operation: 'invitations.list',
    summary: 'List invitations',
    description: 'Newest first. Only superusers see those of other companies.',
    allow: 'users:create',
    tenancy: 'company-or-all',
    query: InvitationQuery,
    responses: { 200: InvitationList },
    handle: async ({ db, scope, query }) => {
      const { rows: invitations, ...totals } = await listInvitations(db, scope, query);
      return { invitations, ...totals, limit: query.limit, offset: query.offset };
    },
  });

const create = ({ mails }: InvitationDeps) =>
  route({
    method: 'post',
    path,
    operation: 'invitations.create',
    errors: { 404: ['COMPANY_NOT_FOUND'], 409: ['USER_EMAIL_TAKEN', 'TOO_MANY_INVITATIONS'], ...mailErrors },
    summary: 'Invite a person by mail',
    description:
      'Into your company; a superuser names the company in the body. The role cannot be above your own. The link is valid for 7 days. Ends an earlier invitation of the address. At most once a minute for an address, and 300 times an hour.',
    allow: 'users:create',
    tenancy: 'global',
    body: NewInvitation,
    example: { email: 'ana@example.com', role: 'viewer', name: 'Ana García', language: 'es' },
    responses: { 201: InvitationResponse },
    prepare: async ({ db, actor, body }) => {
      requireMail(mails);
      if (outranks(body.role as Role, actor)) throw roleAboveOwn();
      return requireCompany(db, actor, body.company_id);
    },
    handle: async ({ tx, actor, body, prepared: company }) => {
      const { email, role, name = null } = body;
      const language = body.language ?? chooseLanguage(null, company.country);
      const input = { company_id: company.id, email, role: role as Role, name, language, invited_account: {} };
      return toInvitationResponse('Invitation sent', await inviteUser(tx, mails, actor, input));
    },
  });

const resend = ({ mails }: InvitationDeps) =>
  route({
    method: 'post',
    path: `${invitationPath}/resend`,
    operation: 'invitations.resend',
    errors: { 404: ['INVITATION_NOT_FOUND'], 409: ['INVITATION_ENDED', 'USER_EMAIL_TAKEN'], ...mailErrors },
    summary: 'Send an invitation again',
    description: 'With a new link, which ends the earlier one and is valid for 7 days. At most once a minute.',
    allow: 'users:create',
    tenancy: 'global',
    params: InvitationParams,
    responses: { 200: InvitationResponse },
    prepare: async ({ db, params, request_id }) =>
      settleIfEnded(db, await findInvitation(db, params.invitation_id), request_id),
    handle: async ({ tx, actor, params }) => {
      requireMail(mails);
      const invitation = await resendInvitation(tx, mails, actor, params.invitation_id);
      return toInvitationResponse('Invitation sent', invitation);
    },
  });

const withdraw = () =>
  route({
    method: 'delete',
    path: invitationPath,
    operation: 'invitations.revoke',
    errors: { 404: ['INVITATION_NOT_FOUND'], 409: ['INVITATION_ENDED'] },
    summary: 'Revoke an invitation',
    allow: 'users:create',
    tenancy: 'global',
    params: InvitationParams,
    responses: { 200: Message },
    handle: async ({ tx, actor, params }) => {
      await withdrawInvitation(tx, actor, params.invitation_id);
      return { message: 'Invitation revoked' };
    },
  });

/** Stores that an invitation has ended, in a transaction of its own, because the request is rejected. */
const settleIfEnded = async (db: Db, invitation: StoredInvitation | undefined, request_id: string): Promise<void> => {
  if (invitation?.status === 'revoked') await db.transaction((tx) => settleInvitation(tx, request_id, invitation.id));
};

const lookUp = () =>
  route({
    method: 'post',
    path: '/auth/invitations/look-up',
    aliases: authAliases('/invitations/look-up'),
    addressRateLimit: 'login',
    operation: 'auth.invitations.look_up',
    errors: { 422: ['TOKEN_INVALID'] },
    summary: 'Look up an invitation',
    description: 'By the token of the link in its mail, which stays valid. The invitation counts as opened.',
    allow: 'open',
    tenancy: 'global',
    idempotency: 'reject',
    body: InvitationToken,
    example: { token: 'of the link in the mail' },
    responses: { 200: InvitationPreview },
    prepare: async ({ db, body, request_id }) => {
      const invitation = await findInvitationByToken(db, body.token);
      await settleIfEnded(db, invitation, request_id);
      return invitation;
    },
    handle: async ({ tx, prepared }) => {
      const { company_name, role, email, name } = await openInvitation(tx, prepared);
      return { company_name, role, email, name };
    },
  });

const accept = (deps: InvitationDeps) =>
  route({
    method: 'post',
    path: '/auth/invitations/accept',
    aliases: authAliases('/invitations/accept'),
    addressRateLimit: 'login',
    operation: 'auth.invitations.accept',
    errors: { 409: ['USER_EMAIL_TAKEN', 'IDENTITY_TAKEN'], 422: ['TOKEN_INVALID'] },
    summary: 'Accept an invitation',
    description:
      'Makes the user, whose address counts as verified, and signs it in. Send a password, or the oidc_code of a return from a provider: then the user has no password, and the address at the provider may be another. The password follows the rules of registration; one that breaks them leaves the token valid.',
    allow: 'open',
    tenancy: 'global',
    ...passwordDeadlines,
    idempotency: 'reject',
    body: InvitationAcceptance,
    example: { token: 'of the link in the mail', name: 'Ana García', password: 'correct horse battery' },
    responses: { 200: SignInResponse },
    prepare: async ({ db, body, signal, request_id }) => {
      const invitation = await findInvitationByToken(db, body.token);
      await settleIfEnded(db, invitation, request_id);
      if (invitation?.is_taken) throw conflict({ resource: 'user', field: 'email' });
      if (!invitation || !['sent', 'opened'].includes(invitation.status)) throw tokenInvalid();
      const proven = body.oidc_code === undefined ? undefined : await findCode(db, body.oidc_code);
      if (body.oidc_code !== undefined && !proven) throw tokenInvalid('oidc_code');
      const account = toInvitedAccount(invitation, body.name, proven);
      const message = body.password === undefined ? undefined : passwordError(body.password, account);
      if (message) throw invalid([{ path: 'password', message }]);
      const { address = null, document_type = null, number_document_identity = null } = invitation.invited_account;
      const rest = { address, document_type, number_document_identity };
      const password_hash = body.password === undefined ? null : await deps.passwords.hash(body.password, signal);
      return { invitation, token: body.token, account, password_hash, oidc_code: body.oidc_code, rest };
    },
    handle: async ({ tx, prepared, client_ip, user_agent, request_id }) => {
      const request = { ip: client_ip, device: user_agent, request_id };
      const { user, session_id, refresh_token } = await acceptInvitation(tx, deps.sessions, prepared, request);
      const token = tokenFor(deps, user, session_id);
      return { message: 'Invitation accepted', ...token, refresh_token, user: toUser(user) };
    },
    afterCommit: ({ result, request_id }) => deps.createProfile(result.user, { request_id }),
  });

/**
 * @param proven who comes from a provider: of that the name is taken when there is no other
 * @throws AppError 422 when neither the request nor the invitation has a name
 */
function toInvitedAccount(
  { email, name, invited_account }: StoredInvitation,
  chosen: string | undefined,
  proven: Pick<SpentCode, 'name'> | undefined,
): Account {
  const { username, phone = null, first_name, last_name = null } = invited_account;
  const fallback = proven && (proven.name ?? localPart(email));
  const full = chosen ?? (first_name === undefined ? (name ?? fallback) : undefined);
  const names = full !== undefined ? splitName(full) : first_name !== undefined ? { first_name, last_name } : undefined;
  if (!names) throw invalid([{ path: 'name', message: 'is required' }]);
  return { ...names, email, username, phone };
}
