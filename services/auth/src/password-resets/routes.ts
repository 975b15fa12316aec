import { invalid } from '@clientela/errors';
import { route, type Route } from '@clientela/http';
import { Message } from '@clientela/validation';
import { passwordDeadlines, type Passwords } from '../accounts/passwords.ts';
import { passwordError } from '../accounts/rules.ts';
import { findUser } from '../accounts/store.ts';
import { authAliases } from '../auth-aliases.ts';
import { requireMail, type Mails } from '../mails/outbox.ts';
import { findTokenOwner } from '../tokens/store.ts';
import { tokenInvalid } from '../tokens/token.ts';
import { requestReset, resetPassword } from './actions.ts';
import { ForgottenPassword, PasswordReset } from './schema.ts';

export type PasswordResetDeps = { mails: Mails; passwords: Passwords };

export const passwordResetRoutes = (deps: PasswordResetDeps): Route[] => [forgotPassword(deps), reset(deps)];

const forgotPassword = ({ mails }: PasswordResetDeps) =>
  route({
    method: 'post',
    path: '/auth/forgot-password',
    aliases: authAliases('/forgot-password'),
    addressRateLimit: 'forgot_password',
    operation: 'auth.forgot_password',
    errors: { 503: ['MAIL_NOT_CONFIGURED'] },
    summary: 'Send a link to choose a new password',
    description:
      'Returns the same for every address, in the same time. A user gets at most three such mails an hour; an address of clients may send ten requests an hour.',
    allow: 'open',
    tenancy: 'global',
    idempotency: 'reject',
    body: ForgottenPassword,
    example: { email: 'ana@example.com' },
    responses: { 202: Message },
    handle: async ({ tx, body, accept_language }) => {
      requireMail(mails);
      await requestReset(tx, mails, body.email, accept_language);
      return { message: 'If the address belongs to a user, a mail is on its way' };
    },
  });

const reset = ({ mails, passwords }: PasswordResetDeps) =>
  route({
    method: 'post',
    path: '/auth/reset-password',
    aliases: authAliases('/reset-password'),
    addressRateLimit: 'login',
    operation: 'auth.reset_password',
    errors: { 422: ['TOKEN_INVALID'] },
    summary: 'Choose a new password',
    description:
      'Takes the token of the link in the mail, which is valid for an hour and which it spends. Ends all sessions. The new password follows the rules of registration; one that breaks them leaves the token valid.',
    allow: 'open',
    tenancy: 'global',
    ...passwordDeadlines,
    idempotency: 'reject',
    body: PasswordReset,
    example: { token: 'of the link in the mail', new_password: 'a better horse battery' },
    responses: { 200: Message },
    prepare: async ({ db, body, signal }) => {
      const owner = await findTokenOwner(db, 'reset_password', body.token);
      const user = owner && (await findUser(db, owner.user_id));
      if (!user) throw tokenInvalid();
      const message = passwordError(body.new_password, user);
      if (message) throw invalid([{ path: 'new_password', message }]);
      return passwords.hash(body.new_password, signal);
    },
    handle: async ({ tx, body, accept_language: accepted, prepared: password_hash, request_id, client_ip }) => {
      const change = { token: body.token, password_hash, accepted };
      await resetPassword(tx, mails, change, { request_id, client_ip });
      return { message: 'Password changed; sign in with the new one' };
    },
  });
