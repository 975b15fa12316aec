import { counter } from '@clientela/runtime';

/** `no_user`: an identity that belongs to nobody here; `expired`: without the cookie of an attempt; see `Failure` for the others. */
export const oidcReturns = counter(
  'clientela_oidc_returns_total',
  'Returns from OpenID Connect providers, by outcome',
  {
    outcome: ['ok', 'no_user', 'denied', 'expired', 'failed', 'unavailable'],
  },
);
