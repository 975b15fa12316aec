import type { Tx } from '@clientela/db';
import { conflict } from '@clientela/errors';
import type { Actor } from '@clientela/http';
import { requiresFactor } from '../accounts/rules.ts';
import { lockUser, type StoredUser } from '../accounts/store.ts';
import { auditUser, originOf, requireActive } from '../accounts/user-changes.ts';
import { audit } from '../audit/store.ts';
import type { Mails } from '../mails/outbox.ts';
import { revokeSessions } from '../sessions/session-lifecycle.ts';
import { networkOf } from '../sign-ins/network.ts';
import { lockProvenUser, type PasswordProof } from '../sign-ins/password-proof.ts';
import { isLockedOut, recordFailure } from '../sign-ins/lockout-store.ts';
import {
  describeTotp,
  generateRecoveryCode,
  generateTotpSecret,
  hashRecoveryCode,
  sealSecret,
  stepOf,
  unsealSecret,
  type SecondFactors,
} from './codes.ts';
import { spendCode, wrongCode } from './code-proof.ts';
import { tellUser } from './factor-lifecycle.ts';
import type { EitherCode } from './schema.ts';
import {
  confirmTotp,
  deleteFactor,
  endChallenges,
  findPendingTotp,
  insertTotpSecret,
  replaceRecoveryCodes,
  setFactor,
} from './store.ts';

export type SecondFactorTools = { secondFactors: SecondFactors; mails: Mails };

const enabled = () => conflict({ error_code: 'MFA_ENABLED', detail: 'You have a second factor; remove it first' });
const notEnabled = () => conflict({ error_code: 'MFA_NOT_ENABLED', detail: 'You have no second factor' });

/**
 * Makes a new secret, which a code has to confirm.
 * @returns undefined when the password was wrong or the account is locked, which the caller must commit
 * @throws AppError 409 MFA_ENABLED
 */
export async function startTotp(
  tx: Tx,
  { secondFactors }: SecondFactorTools,
  actor: Actor,
  proof: PasswordProof,
): Promise<ReturnType<typeof describeTotp> | undefined> {
  const user = await lockProvenUser(tx, actor, proof, 'user.mfa.started');
  if (!user) return undefined;
  const secret = generateTotpSecret();
  if (!(await insertTotpSecret(tx, user.id, sealSecret(secondFactors, user.id, secret)))) throw enabled();
  await auditUser(tx, originOf(actor), user, 'user.mfa.started', [], actor.client_ip);
  return describeTotp(secret, user.email);
}

/**
 * Turns the second factor on, by a code of the new secret. Other sessions end, because they did without it.
 * @returns the recovery codes
 * @throws AppError 409 MFA_ENABLED or MFA_SETUP_NOT_STARTED, 422 MFA_CODE_INVALID
 */
export async function confirmFactor(
  tx: Tx,
  { secondFactors, mails }: SecondFactorTools,
  actor: Actor,
  { code, accepted }: { code: string; accepted: string | null },
): Promise<string[]> {
  const user = requireActive(await lockUser(tx, actor.id));
  if (user.mfa_since !== null) throw enabled();
  const pending = await findPendingTotp(tx, user.id);
  const secret = pending && unsealSecret(secondFactors, user.id, pending.sealed_secret);
  const step = secret && stepOf(secret, code, secondFactors.now());
  if (secret && step === undefined) throw wrongCode({ code });
  if (step === undefined || !(await confirmTotp(tx, user.id, step)))
    throw conflict({
      error_code: 'MFA_SETUP_NOT_STARTED',
      detail: 'No secret waits for a code; it expires after 10 minutes. Start again',
    });
  await setFactor(tx, user.id);
  const codes = await renewRecoveryCodes(tx, user.id);
  const origin = { ...originOf(actor), company_id: user.business_id };
  await revokeSessions(tx, origin, { user_id: user.id, except: actor.session_id ?? undefined });
  await endChallenges(tx, user.id);
  await auditUser(tx, origin, user, 'user.mfa.enabled', [], actor.client_ip);
  await tellUser(tx, mails, user, 'mfa_enabled', accepted);
  return codes;
}

const recoveryCodes = 10;

async function renewRecoveryCodes(tx: Tx, user_id: string): Promise<string[]> {
  const codes = Array.from({ length: recoveryCodes }, generateRecoveryCode);
  await replaceRecoveryCodes(tx, user_id, codes.map(hashRecoveryCode));
  return codes;
}

/**
 * Turns the second factor off. Where the company requires one, all sessions end.
 * @returns what was wrong, which the caller must commit
 * @throws AppError 409 MFA_NOT_ENABLED
 */
export async function removeOwnFactor(
  tx: Tx,
  { secondFactors, mails }: SecondFactorTools,
  actor: Actor,
  { proof, accepted, ...code }: EitherCode & { proof: PasswordProof; accepted: string | null },
): Promise<'password' | 'code' | undefined> {
  const user = await lockProvenUser(tx, actor, proof, 'user.mfa.disabled');
  if (!user) return 'password';
  if (user.mfa_since === null) throw notEnabled();
  if (!(await proveCode(tx, secondFactors, actor, user, code, 'user.mfa.disabled'))) return 'code';
  const origin = { ...originOf(actor), company_id: user.business_id };
  await deleteFactor(tx, user.id);
  if (requiresFactor(user)) await revokeSessions(tx, origin, { user_id: user.id });
  await auditUser(tx, origin, user, 'user.mfa.disabled', [], actor.client_ip);
  await tellUser(tx, mails, user, 'mfa_disabled', accepted);
  return undefined;
}

/**
 * Replaces the recovery codes.
 * @returns undefined when the code was wrong or the account is locked, which the caller must commit
 * @throws AppError 409 MFA_NOT_ENABLED
 */
export async function replaceOwnCodes(
  tx: Tx,
  { secondFactors }: SecondFactorTools,
  actor: Actor,
  code: string,
): Promise<string[] | undefined> {
  const user = requireActive(await lockUser(tx, actor.id));
  if (user.mfa_since === null) throw notEnabled();
  if (!(await proveCode(tx, secondFactors, actor, user, { code }, 'user.mfa.recovery_codes.replaced')))
    return undefined;
  await auditUser(tx, originOf(actor), user, 'user.mfa.recovery_codes.replaced', [], actor.client_ip);
  return renewRecoveryCodes(tx, user.id);
}

/**
 * Spends a code of a locked user, unless the account is locked for this network. A wrong one counts as a failed sign-in, so that a stolen
 * access token cannot be used to guess it.
 * @param action the audit action of what is refused without the code
 */
async function proveCode(
  tx: Tx,
  factors: SecondFactors,
  actor: Actor,
  user: StoredUser,
  code: EitherCode,
  action: string,
): Promise<boolean> {
  const network = networkOf(actor.client_ip);
  const isLocked = await isLockedOut(tx, user.id, network);
  if (!isLocked && (await spendCode(tx, factors, user.id, code))) return true;
  if (!isLocked) recordFailure(tx, user.id, network);
  await audit(tx, {
    actor_id: actor.id,
    action,
    resource_type: 'user',
    resource_id: user.id,
    company_id: user.business_id,
    result: 'refused',
    ip: actor.client_ip,
    request_id: actor.request_id,
  });
  return false;
}
