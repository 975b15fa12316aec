import { afterCommit, type Tx } from '@clientela/db';
import type { StoredUser } from '../accounts/store.ts';
import type { SecondFactors } from '../second-factors/codes.ts';
import { spendCode } from '../second-factors/code-proof.ts';
import type { EitherCode } from '../second-factors/schema.ts';
import { countWrongCode, endChallenge, findChallenge } from '../second-factors/store.ts';
import type { NewSession, SessionOptions } from '../sessions/session-lifecycle.ts';
import { recordFailure } from './lockout-store.ts';
import { signIns } from './metrics.ts';
import { networkOf } from './network.ts';
import { isOfActiveCompany, openSession, recordAttempt, type SignInRequest } from './start-session.ts';
import { lockSignInAttempts } from './store.ts';

export type SecondStepOptions = { sessions: SessionOptions; secondFactors: SecondFactors };

/**
 * Completes a sign-in that waits for the second factor, unless the account is locked for this network. A wrong code counts as a failed
 * sign-in, and the fifth ends the token. Failures change rows as well, so the caller must commit.
 * @returns the session; `wrong` for a wrong code; `ended` for a token that is unknown, spent, expired or void
 */
export async function attemptSecondStep(
  tx: Tx,
  { sessions, secondFactors }: SecondStepOptions,
  { mfa_token, ...code }: EitherCode & { mfa_token: string },
  request: SignInRequest,
): Promise<(NewSession & { user: StoredUser }) | 'wrong' | 'ended'> {
  const waiting = await findChallenge(tx, mfa_token);
  const network = networkOf(request.ip);
  const { isLockedOut, locked } = waiting ? await lockSignInAttempts(tx, waiting, network) : {};
  // Read again under the lock, behind which another attempt may have ended the token.
  if (!waiting || !locked || !isOfActiveCompany(locked) || !(await findChallenge(tx, mfa_token))) return 'ended';
  if (!isLockedOut && (await spendCode(tx, secondFactors, waiting.id, code))) {
    await endChallenge(tx, mfa_token);
    return openSession(tx, sessions, { locked }, request) ?? 'ended';
  }
  if (!isLockedOut) recordFailure(tx, waiting.id, network);
  recordAttempt(tx, null, waiting, 'sign_in.refused', request);
  afterCommit(tx, () => signIns.add({ outcome: isLockedOut ? 'locked' : 'wrong' }));
  return isLockedOut || (await countWrongCode(tx, mfa_token)) ? 'wrong' : 'ended';
}
