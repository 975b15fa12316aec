import { tokenLimits, type TokenLimit } from '@clientela/contracts';
import { acceptsIdempotencyKey } from '../idempotency/idempotency-key.ts';
import { acceptsIfMatch, hasBody, isOpenToKeys, type Route } from '../routing/route.ts';

/** Error codes that every operation may respond with, by status. */
const everywhere: Readonly<Record<number, readonly string[]>> = {
  400: ['MALFORMED_REQUEST'],
  422: ['VALIDATION_FAILED'],
  429: ['RATE_LIMITED', 'TOO_MANY_AT_ONCE'],
  500: ['INTERNAL_ERROR'],
  502: ['SERVICE_UNAVAILABLE'],
  503: ['SERVICE_UNAVAILABLE', 'DEADLINE_EXCEEDED', 'OVERLOADED'],
  504: ['UPSTREAM_TIMEOUT'],
};
const signedIn = { 401: ['UNAUTHENTICATED'], 403: ['FORBIDDEN'] };
/** Of the gateway, for a token that is limited to other routes. */
const limitedTokens: Readonly<Record<TokenLimit, string>> = {
  verify_email: 'EMAIL_NOT_VERIFIED',
  mfa_setup: 'MFA_SETUP_REQUIRED',
};
const withBody = { 408: ['REQUEST_TIMEOUT'], 413: ['PAYLOAD_TOO_LARGE'], 415: ['UNSUPPORTED_MEDIA_TYPE'] };
const withKey = { 404: ['IDEMPOTENCY_ANSWER_ERASED'], 409: ['CONFLICT', 'IDEMPOTENCY_RESPONSE_TOO_LONG'] };

/** Lists the error codes of an operation by status: those that follow from its declaration, and its `errors`. */
export function errorCodes(definition: Route): Record<string, string[]> {
  const sources = [
    everywhere,
    ...(definition.allow === 'open' ? [] : [signedIn, { 403: limitCodes(definition) }]),
    ...(definition.allow !== 'open' && isOpenToKeys(definition) ? [{ 403: ['API_KEY_ADDRESS_NOT_ALLOWED'] }] : []),
    ...(hasBody(definition) ? [withBody] : []),
    ...(acceptsIfMatch(definition) ? [{ 412: ['PRECONDITION_FAILED'] }] : []),
    ...(acceptsIdempotencyKey(definition) ? [withKey] : []),
    definition.errors ?? {},
  ];
  const codes: Record<string, string[]> = {};
  for (const source of sources)
    for (const [status, more] of Object.entries(source)) codes[status] = [...(codes[status] ?? []), ...more];
  return codes;
}

const limitCodes = ({ limited = [] }: Route): string[] =>
  tokenLimits.filter((limit) => !limited.includes(limit)).map((limit) => limitedTokens[limit]);
