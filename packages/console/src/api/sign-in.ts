import { ClientelaError } from '@clientela/client';
import { begin } from './session.ts';

/** @throws ClientelaError; MFA_REQUIRED has the `mfa_token` that the second factor needs in its problem */
export const signIn = (email: string, password: string): Promise<void> => begin('', { email, password });
export const answerFactor = (mfa_token: string, answer: { code: string } | { recovery_code: string }): Promise<void> =>
  begin('/mfa', { mfa_token, ...answer });
export const acceptInvitation = (token: string, name: string, password: string): Promise<void> =>
  begin('/invitation', { token, name, password });

/** With the code that a provider led back with, which it spends. @throws ClientelaError as `signIn` does */
export const signInWithCode = (code: string): Promise<void> => begin('/oidc', { code });
/** The same for somebody without a user, whom an invitation makes one. */
export const acceptInvitationWithCode = (token: string, oidc_code: string): Promise<void> =>
  begin('/invitation', { token, oidc_code });
/** The `mfa_token` of a sign-in that a second factor has to complete. */
export function factorTokenOf(error: unknown): string | undefined {
  const token = error instanceof ClientelaError ? error.problem['mfa_token'] : undefined;
  return typeof token === 'string' ? token : undefined;
}
