import { route, type Route } from '@clientela/http';
import { Message } from '@clientela/validation';
import { passwordDeadlines, type Passwords } from '../accounts/passwords.ts';
import { findUser } from '../accounts/store.ts';
import { requireActive } from '../accounts/user-changes.ts';
import { authAliases } from '../auth-aliases.ts';
import { provePassword, wrongPassword } from '../sign-ins/password-proof.ts';
import { confirmFactor, removeOwnFactor, replaceOwnCodes, startTotp, type SecondFactorTools } from './actions.ts';
import { wrongCode } from './code-proof.ts';
import { RecoveryCodes, SecondFactorState, TotpConfirmation, TotpRemoval, TotpSecret, TotpSetup } from './schema.ts';
import { countRecoveryCodes } from './store.ts';

export type SecondFactorDeps = SecondFactorTools & { passwords: Passwords };

export const secondFactorRoutes = (deps: SecondFactorDeps): Route[] => [
  state(),
  start(deps),
  confirm(deps),
  remove(deps),
  replaceCodes(deps),
];

/** Staff who must set up a factor first reach these routes too. */
const limited = ['mfa_setup'] as const;

const state = () =>
  route({
    method: 'get',
    path: '/auth/mfa',
    aliases: authAliases('/mfa'),
    operation: 'auth.mfa.get',
    summary: 'Find whether you have a second factor',
    allow: 'signed_in',
    limited,
    tenancy: 'global',
    responses: { 200: SecondFactorState },
    handle: async ({ db, actor }) => {
      const { mfa_since } = requireActive(await findUser(db, actor.id));
      return { totp: mfa_since !== null, recovery_codes_left: await countRecoveryCodes(db, actor.id) };
    },
  });

const start = (deps: SecondFactorDeps) =>
  route({
    method: 'post',
    path: '/auth/mfa/totp',
    aliases: authAliases('/mfa/totp'),
    addressRateLimit: 'login',
    operation: 'auth.mfa.totp.start',
    errors: { 409: ['MFA_ENABLED'] },
    summary: 'Begin to set up an authenticator app',
    description:
      'Returns a secret (RFC 6238: SHA-1, 6 digits, 30 seconds), which a code has to confirm within 10 minutes; a newer one ends it. Until then nothing changes. A wrong current_password returns a 422 that names it, and counts as a failed sign-in.',
    allow: 'signed_in',
    limited,
    tenancy: 'global',
    ...passwordDeadlines,
    idempotency: 'reject',
    body: TotpSetup,
    example: { current_password: 'correct horse battery' },
    responses: { 200: TotpSecret },
    transaction: 'own', // a failed attempt is recorded and must be committed
    prepare: ({ db, actor, body, signal }) =>
      provePassword(deps.passwords, db, actor.id, body.current_password, signal),
    handle: async ({ db, actor, prepared: proof }) => {
      const secret = await db.transaction((tx) => startTotp(tx, deps, actor, proof));
      if (!secret) throw wrongPassword();
      return secret;
    },
  });

const confirm = (deps: SecondFactorDeps) =>
  route({
    method: 'post',
    path: '/auth/mfa/totp/confirm',
    aliases: authAliases('/mfa/totp/confirm'),
    addressRateLimit: 'login',
    operation: 'auth.mfa.totp.confirm',
    errors: { 409: ['MFA_ENABLED', 'MFA_SETUP_NOT_STARTED'], 422: ['MFA_CODE_INVALID'] },
    summary: 'Turn the second factor on',
    description:
      'Takes a code of the authenticator app. From then on sign-in asks for one; your other sessions end. The response is the one time that the ten recovery codes are shown. Refresh the tokens when they were limited to this.',
    allow: 'signed_in',
    limited,
    tenancy: 'global',
    idempotency: 'reject', // a stored response would hold the codes
    body: TotpConfirmation,
    example: { code: '492039' },
    responses: { 200: RecoveryCodes },
    handle: async ({ tx, actor, body, accept_language: accepted }) => {
      const recovery_codes = await confirmFactor(tx, deps, actor, { code: body.code, accepted });
      return { message: 'Second factor enabled', recovery_codes };
    },
  });

const remove = (deps: SecondFactorDeps) =>
  route({
    method: 'delete',
    path: '/auth/mfa/totp',
    aliases: authAliases('/mfa/totp'),
    addressRateLimit: 'login',
    operation: 'auth.mfa.totp.remove',
    errors: { 409: ['MFA_NOT_ENABLED'], 422: ['MFA_CODE_INVALID'] },
    summary: 'Turn the second factor off',
    description:
      'Takes the password, and a code or a recovery code; a wrong one counts as a failed sign-in. Where the company requires a second factor, your sessions end, and the next sign-in admits to setting up another one only.',
    allow: 'signed_in',
    limited,
    tenancy: 'global',
    ...passwordDeadlines,
    body: TotpRemoval,
    example: { current_password: 'correct horse battery', code: '492039' },
    responses: { 200: Message },
    transaction: 'own', // a failed attempt is recorded and must be committed
    prepare: ({ db, actor, body, signal }) =>
      provePassword(deps.passwords, db, actor.id, body.current_password, signal),
    handle: async ({ db, actor, body, accept_language: accepted, prepared: proof }) => {
      const { code, recovery_code } = body;
      const wrong = await db.transaction((tx) =>
        removeOwnFactor(tx, deps, actor, { proof, accepted, code, recovery_code }),
      );
      if (wrong) throw wrong === 'password' ? wrongPassword() : wrongCode(body);
      return { message: 'Second factor removed' };
    },
  });

const replaceCodes = (deps: SecondFactorDeps) =>
  route({
    method: 'post',
    path: '/auth/mfa/recovery-codes',
    aliases: authAliases('/mfa/recovery-codes'),
    addressRateLimit: 'login',
    operation: 'auth.mfa.recovery_codes.replace',
    errors: { 409: ['MFA_NOT_ENABLED'], 422: ['MFA_CODE_INVALID'] },
    summary: 'Replace your recovery codes',
    description:
      'Takes a code of the authenticator app; a wrong one counts as a failed sign-in. The earlier recovery codes end. The response is the one time that the new ones are shown.',
    allow: 'signed_in',
    limited,
    tenancy: 'global',
    idempotency: 'reject', // a stored response would hold the codes
    body: TotpConfirmation,
    example: { code: '492039' },
    responses: { 200: RecoveryCodes },
    transaction: 'own', // a failed attempt is recorded and must be committed
    handle: async ({ db, actor, body }) => {
      const recovery_codes = await db.transaction((tx) => replaceOwnCodes(tx, deps, actor, body.code));
      if (!recovery_codes) throw wrongCode(body);
      return { message: 'Recovery codes replaced', recovery_codes };
    },
  });
