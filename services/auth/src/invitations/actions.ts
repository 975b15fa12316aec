import type { Tx } from '@clientela/db';
import { conflict, notFound, rateLimited } from '@clientela/errors';
import type { Actor } from '@clientela/http';
import type { Account } from '../accounts/rules.ts';
import {
  findUser,
  findUserByEmail,
  findUserByUsername,
  insertUser,
  type StoredUser,
  type UserColumns,
} from '../accounts/store.ts';
import { auditUser, publishRegistered, requireActive, toNewUser } from '../accounts/user-changes.ts';
import { countSignIn } from '../analytics/store.ts';
import { audit } from '../audit/store.ts';
import { lockCompanyRow, shareCompanyRow } from '../companies/store.ts';
import { insertIdentity, spendCode } from '../identities/store.ts';
import { queueMail, type Mails } from '../mails/outbox.ts';
import { createSession, type NewSession, type SessionOptions } from '../sessions/session-lifecycle.ts';
import { networkOf } from '../sign-ins/network.ts';
import { recordSuccess } from '../sign-ins/lockout-store.ts';
import type { SessionOrigin } from '../sessions/store.ts';
import { generateToken, tokenInvalid } from '../tokens/token.ts';
import {
  countPending,
  findInvitation,
  insertInvitation,
  markOpened,
  renewInvitation,
  revokeEarlier,
  revokeInvitation,
  secondsSinceInvitation,
  secondsSinceMail,
  spendInvitation,
  type NewInvitation,
  type StoredInvitation,
} from './store.ts';

const MAX_PENDING = 1000; // invitations of a company
const MAX_PER_HOUR = 300; // invitations of a company
const HOUR_S = 3600;
const RESEND_S = 60; // between two mails to an address from a company

const isVisible = (actor: Actor, { business_id }: StoredInvitation): boolean =>
  actor.role === 'superuser' || business_id === actor.company_id;

const emailTaken = () => conflict({ resource: 'user', field: 'email' });
const ended = () => conflict({ error_code: 'INVITATION_ENDED', detail: 'The invitation was accepted or revoked' });

const sentJustNow = (seconds: number) =>
  rateLimited(Math.ceil(RESEND_S - seconds), 'An invitation was sent to this address within the last minute');

/**
 * Invites a person into a company by mail. An earlier invitation of the address into the company is revoked.
 * @throws AppError 409 when a user has the address or the username, or too many invitations are pending; 429 when too many were sent
 */
export async function inviteUser(
  tx: Tx,
  mails: Mails,
  actor: Actor,
  input: Omit<NewInvitation, 'invited_by'>,
): Promise<StoredInvitation> {
  await lockCompanyRow(tx, input.company_id); // so that concurrent requests count each other
  const known = await findUserByEmail(tx, input.email);
  if (known) {
    const isOwn = actor.role === 'superuser' || known.business_id === actor.company_id;
    const { id, unique_id } = known;
    const existing = { existing: async () => ({ id, unique_id, number: unique_id }) };
    throw conflict({ resource: 'user', field: 'email', ...(isOwn && existing) });
  }
  const { username } = input.invited_account;
  if (username !== undefined && (await findUserByUsername(tx, username)))
    throw conflict({ resource: 'user', field: 'username' });
  await limitMails(tx, input.company_id, input.email);
  await revokeEarlier(tx, input.company_id, input.email);
  if ((await countPending(tx, input.company_id)) >= MAX_PENDING)
    throw conflict({ error_code: 'TOO_MANY_INVITATIONS', detail: `At most ${MAX_PENDING} invitations can be pending` });
  const token = generateToken();
  const invitation = await insertInvitation(tx, { ...input, invited_by: actor.id }, token);
  await queueInvitation(tx, mails, invitation, token);
  await auditInvitation(tx, actor, invitation, 'invitation.created');
  return invitation;
}

/** @throws AppError 429 when the address had a mail within a minute, or too many people were invited within an hour */
async function limitMails(tx: Tx, company_id: string, email: string): Promise<void> {
  const sent_ago = await secondsSinceMail(tx, company_id, email);
  if (sent_ago !== undefined && sent_ago < RESEND_S) throw sentJustNow(sent_ago);
  const earliest = await secondsSinceInvitation(tx, company_id, MAX_PER_HOUR);
  if (earliest !== undefined && earliest < HOUR_S)
    throw rateLimited(Math.ceil(HOUR_S - earliest), `The company has sent ${MAX_PER_HOUR} invitations within an hour`);
}

/** Sends an invitation again, with a new link that is valid for the whole time. */
export async function resendInvitation(tx: Tx, mails: Mails, actor: Actor, id: string): Promise<StoredInvitation> {
  const current = await requireVisible(tx, actor, id);
  if (current.status === 'accepted') throw ended();
  if (current.is_taken) throw emailTaken();
  if (current.status === 'revoked') throw ended();
  if (current.sent_ago < RESEND_S) throw sentJustNow(current.sent_ago);
  const token = generateToken();
  const invitation = await renewInvitation(tx, current, token);
  if (!invitation) throw ended();
  await queueInvitation(tx, mails, invitation, token);
  await auditInvitation(tx, actor, invitation, 'invitation.resent');
  return invitation;
}

/** Has no effect on an invitation that is revoked already. */
export async function withdrawInvitation(tx: Tx, actor: Actor, id: string): Promise<void> {
  const current = await requireVisible(tx, actor, id);
  if (current.status === 'accepted') throw ended();
  if ((await revokeInvitation(tx, current.business_id, id)) > 0)
    await auditInvitation(tx, actor, current, 'invitation.revoked');
}

/** Records that the page behind the link was opened. @throws AppError 422 TOKEN_INVALID */
export async function openInvitation(tx: Tx, invitation: StoredInvitation | undefined): Promise<StoredInvitation> {
  if (!invitation || !isOpen(invitation)) throw tokenInvalid();
  await markOpened(tx, invitation.business_id, invitation.id);
  return invitation;
}

const isOpen = ({ status, company_status }: StoredInvitation): boolean =>
  (status === 'sent' || status === 'opened') && company_status === 'active';

export type Acceptance = {
  invitation: StoredInvitation;
  token: string;
  account: Account;
  /** Null for a user who signs in with another provider, which `oidc_code` names. */
  password_hash: string | null;
  oidc_code: string | undefined;
  rest: Pick<UserColumns, 'address' | 'document_type' | 'number_document_identity'>;
};

/**
 * Makes the invited user, whose address counts as verified, and signs it in.
 * @throws AppError 422 TOKEN_INVALID; 409 when a user has the address or the identity by now
 */
export async function acceptInvitation(
  tx: Tx,
  sessions: SessionOptions,
  { invitation, token, account, password_hash, oidc_code, rest }: Acceptance,
  request: SessionOrigin & { request_id: string },
): Promise<NewSession & { user: StoredUser }> {
  const { business_id: company_id, role } = invitation;
  if ((await shareCompanyRow(tx, company_id)) !== 'active') throw tokenInvalid();
  if (!(await spendInvitation(tx, company_id, token))) throw tokenInvalid();
  const now = new Date().toISOString();
  const { username, ...row } = toNewUser({ account, password_hash }, invitation.company_country);
  const invited = await insertUser(tx, {
    ...row,
    ...rest,
    // The wish for a username is not worth an error after days.
    username: 'chosen' in username ? { suggested: username.chosen } : username,
    company_id,
    role,
    email_verified_at: now,
    last_login: now,
  });
  const user = oidc_code === undefined ? invited : await joinInvited(tx, invited, oidc_code, request);
  await publishRegistered(tx, user, request.request_id);
  const actor = { id: user.id, request_id: request.request_id, client_ip: request.ip };
  await auditInvitation(tx, actor, invitation, 'invitation.accepted');
  const session = createSession(tx, sessions, user.id, request);
  recordSuccess(tx, user.id, networkOf(request.ip));
  const entry = { action: 'sign_in', resource_type: 'user', resource_id: user.id, company_id, ip: request.ip };
  await audit(tx, { actor_id: user.id, ...entry, request_id: request.request_id });
  countSignIn(tx, company_id, 'signed_in');
  return { ...session, user };
}

/** Joins the identity of a spent code to the new user. @returns the user with it */
async function joinInvited(
  tx: Tx,
  user: StoredUser,
  oidc_code: string,
  { request_id, ip }: Pick<Parameters<typeof acceptInvitation>[3], 'request_id' | 'ip'>,
): Promise<StoredUser> {
  const proven = await spendCode(tx, oidc_code);
  if (!proven) throw tokenInvalid('oidc_code');
  await insertIdentity(tx, user.id, proven);
  const origin = { id: user.id, company_id: user.business_id, request_id };
  await auditUser(tx, origin, user, 'user.identity.joined', ['identities'], ip);
  return requireActive(await findUser(tx, user.id));
}

/** @throws AppError 404 for an unknown invitation and one of another company */
async function requireVisible(tx: Tx, actor: Actor, id: string): Promise<StoredInvitation> {
  const invitation = await findInvitation(tx, id);
  if (!invitation || !isVisible(actor, invitation)) throw notFound('invitation');
  return invitation;
}

const queueInvitation = (tx: Tx, mails: Mails, invitation: StoredInvitation, token: string): Promise<void> =>
  queueMail(tx, mails, {
    user_id: null,
    invitation_id: invitation.id,
    kind: 'invitation',
    content: {
      to: invitation.email,
      language: invitation.language,
      ...(invitation.name !== null && { name: invitation.name }),
      company: invitation.company_name,
      token,
    },
  });

const auditInvitation = (
  tx: Tx,
  actor: Pick<Actor, 'id' | 'request_id' | 'client_ip'>,
  { id, business_id }: StoredInvitation,
  action: string,
): Promise<void> =>
  audit(tx, {
    actor_id: actor.id,
    action,
    resource_type: 'invitation',
    resource_id: id,
    company_id: business_id,
    ip: actor.client_ip,
    request_id: actor.request_id,
  });
