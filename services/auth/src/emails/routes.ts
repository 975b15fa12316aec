import { reply, route, type Route } from '@clientela/http';
import { Message } from '@clientela/validation';
import { passwordDeadlines, type Passwords } from '../accounts/passwords.ts';
import { authAliases } from '../auth-aliases.ts';
import { requireMail, type Mails } from '../mails/outbox.ts';
import { provePassword, wrongPassword } from '../sign-ins/password-proof.ts';
import { confirmEmailChange, requestEmailChange, requestVerification, verifyEmail } from './actions.ts';
import { EmailChange, TokenRequest } from './schema.ts';

export type EmailDeps = { mails: Mails; passwords: Passwords };

const example = { token: 'of the link in the mail' };

export const emailRoutes = (deps: EmailDeps): Route[] => [
  requestOwnVerification(deps),
  verify(),
  requestChange(deps),
  confirmChange(),
];

const requestOwnVerification = ({ mails }: EmailDeps) =>
  route({
    method: 'post',
    path: '/auth/verify-email/request',
    aliases: authAliases('/verify-email/request'),
    operation: 'auth.verify_email.request',
    errors: { 503: ['MAIL_NOT_CONFIGURED'] },
    summary: 'Send a link that verifies your e-mail address',
    description:
      'The link is valid for 24 hours; a newer one ends it. At most five an hour. 200 when the address is verified already.',
    allow: 'signed_in',
    limited: ['verify_email'],
    tenancy: 'global',
    idempotency: 'reject',
    responses: { 202: Message, 200: Message },
    handle: async ({ tx, actor, accept_language }) => {
      requireMail(mails);
      return (await requestVerification(tx, mails, actor, accept_language))
        ? reply(202, { message: 'Mail sent' })
        : reply(200, { message: 'The e-mail address is verified already' });
    },
  });

const verify = () =>
  route({
    method: 'post',
    path: '/auth/verify-email',
    aliases: authAliases('/verify-email'),
    addressRateLimit: 'login',
    operation: 'auth.verify_email',
    errors: { 422: ['TOKEN_INVALID'] },
    summary: 'Verify an e-mail address',
    description: 'Takes the token of the link in the mail, which it spends.',
    allow: 'open',
    tenancy: 'global',
    idempotency: 'reject',
    body: TokenRequest,
    example,
    responses: { 200: Message },
    handle: async ({ tx, body, request_id, client_ip }) => {
      await verifyEmail(tx, body.token, { request_id, client_ip });
      return { message: 'E-mail address verified' };
    },
  });

const requestChange = ({ mails, passwords }: EmailDeps) =>
  route({
    method: 'post',
    path: '/auth/change-email',
    aliases: authAliases('/change-email'),
    addressRateLimit: 'login',
    operation: 'auth.change_email',
    errors: { 503: ['MAIL_NOT_CONFIGURED'] },
    summary: 'Change your e-mail address',
    description:
      'Sends a link to the new address, which confirms the change within 24 hours, and tells the old one. Until then nothing changes. An address that another user has gets the same response, and no mail. A wrong current_password returns a 422 that names it, and counts as a failed sign-in.',
    allow: 'signed_in',
    tenancy: 'global',
    ...passwordDeadlines,
    idempotency: 'reject',
    body: EmailChange,
    example: { email: 'ana.garcia@example.com', current_password: 'correct horse battery' },
    responses: { 202: Message },
    transaction: 'own', // a failed attempt is recorded and must be committed
    prepare: ({ db, actor, body, signal }) => {
      requireMail(mails);
      return provePassword(passwords, db, actor.id, body.current_password, signal);
    },
    handle: async ({ db, actor, body, accept_language: accepted, prepared: proof }) => {
      const change = { email: body.email, proof, accepted };
      const requested = await db.transaction((tx) => requestEmailChange(tx, mails, actor, change));
      if (!requested) throw wrongPassword();
      return { message: 'Confirm the change by the link in the mail to the new address' };
    },
  });

const confirmChange = () =>
  route({
    method: 'post',
    path: '/auth/change-email/confirm',
    aliases: authAliases('/change-email/confirm'),
    addressRateLimit: 'login',
    operation: 'auth.change_email.confirm',
    errors: { 409: ['USER_EMAIL_TAKEN'], 422: ['TOKEN_INVALID'] },
    summary: 'Confirm a new e-mail address',
    description:
      'Takes the token of the link in the mail to the new address, which it spends. The new address counts as verified.',
    allow: 'open',
    tenancy: 'global',
    idempotency: 'reject',
    body: TokenRequest,
    example,
    responses: { 200: Message },
    handle: async ({ tx, body, request_id, client_ip }) => {
      await confirmEmailChange(tx, body.token, { request_id, client_ip });
      return { message: 'E-mail address changed' };
    },
  });
