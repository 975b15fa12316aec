import type { Tx } from '@clientela/db';
import { AppError } from '@clientela/errors';
import { hashRecoveryCode, stepOf, unsealSecret, type SecondFactors } from './codes.ts';
import type { EitherCode } from './schema.ts';
import { findTotp, spendRecoveryCode, spendStep } from './store.ts';

/**
 * Spends a code of a user's authenticator app, or a recovery code: each is good once. The statement that spends it decides, so that
 * of concurrent requests with one code one succeeds.
 */
export async function spendCode(
  tx: Tx,
  factors: SecondFactors,
  user_id: string,
  { code, recovery_code }: EitherCode,
): Promise<boolean> {
  if (recovery_code !== undefined) return spendRecoveryCode(tx, user_id, hashRecoveryCode(recovery_code));
  const stored = await findTotp(tx, user_id);
  if (!stored || code === undefined) return false;
  const step = stepOf(unsealSecret(factors, user_id, stored.sealed_secret), code, factors.now());
  return step !== undefined && spendStep(tx, user_id, step);
}

/** The same 422 for a wrong code, one that was used before, and an account that is locked. */
export const wrongCode = ({ recovery_code }: EitherCode): AppError => {
  const path = recovery_code === undefined ? 'code' : 'recovery_code';
  return new AppError('invalid', {
    error_code: 'MFA_CODE_INVALID',
    detail: `${path}: is wrong or was used before`,
    errors: [{ path, message: 'is wrong or was used before' }],
  });
};
