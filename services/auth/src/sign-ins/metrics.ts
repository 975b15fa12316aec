import { counter } from '@clientela/runtime';

/** `wrong` stands for every refusal but a locked account: also for an unknown or inactive user, or an inactive company. */
export const signIns = counter('clientela_sign_ins_total', 'Attempts to sign in, by outcome', {
  outcome: ['ok', 'wrong', 'locked'],
});
