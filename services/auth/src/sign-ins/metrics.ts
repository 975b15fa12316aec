import { counter } from '@clientela/runtime';

/**
 * `wrong` stands for every refusal but a locked account: also for an unknown or inactive user, an inactive company, or a wrong code.
 * `mfa` stands for a first step that was right, after which the second factor is asked for.
 */
export const signIns = counter('clientela_sign_ins_total', 'Attempts to sign in, by outcome', {
  outcome: ['ok', 'wrong', 'locked', 'mfa'],
});
