export type { Request } from './call.ts';
export { Clientela, type ClientelaOptions, type Outcome, type Safe } from './client.ts';
export {
  ClientelaError,
  ConflictError,
  RateLimitError,
  SessionEnded,
  SignInError,
  StaleError,
  TimeoutError,
  UnreachableError,
  ValidationError,
  type ErrorCode,
} from './errors.ts';
export type * from './generated/schema.ts';
export { formatMoney } from './money.ts';
export type { Session, Tokens, TokenStore } from './session.ts';
export type { All, Answer, Body, CallOptions, Item, OperationId, Options, Query, Result, Upload } from './types.ts';
