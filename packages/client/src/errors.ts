import type { ErrorCodes, RoutingErrorCode } from './generated/resources.ts';
import type { Problem } from './generated/schema.ts';
import type { OperationId } from './types.ts';

/** The error codes of an operation, or of all. */
export type ErrorCode<Id extends OperationId = OperationId> = ErrorCodes[Id] | RoutingErrorCode;
/** Codes of errors without a problem document. */
type OwnCode = 'UNREACHABLE' | 'TIMEOUT' | 'SESSION_ENDED' | 'UNEXPECTED_RESPONSE';

/** Everything that a call rejects with, but the reason of the caller's own signal. */
export class ClientelaError<Code extends string = ErrorCode> extends Error {
  /** HTTP status; 0 without a response. */
  readonly status: number;
  /** The stable `error_code`. A newer server may have codes that this version does not know. */
  readonly code: Code | OwnCode | (string & {});
  /** What happened, in a sentence that may be shown. */
  readonly detail: string;
  /** The message of each field that is not valid. */
  readonly fields: Readonly<Record<string, string>>;
  /** In a conflict, the record that has the unique value, where the caller may see it. */
  readonly existing: Problem['existing'];
  readonly requestId: string | undefined;
  /** Seconds after which the request may be sent again. */
  readonly retryAfter: number | undefined;
  /** The `WWW-Authenticate` of a 401 (RFC 6750). */
  readonly challenge: string | undefined;
  /** The whole problem document. */
  readonly problem: Partial<Problem> & Record<string, unknown>;

  constructor(
    detail: string,
    { status = 0, code, problem = {}, requestId, retryAfter, challenge, cause }: ErrorDetails,
  ) {
    super(detail, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.fields = Object.fromEntries((problem.errors ?? []).map(({ path, message }) => [path, message]));
    this.existing = problem.existing;
    this.requestId = requestId;
    this.retryAfter = retryAfter;
    this.challenge = challenge;
    this.problem = problem;
  }
}

type ErrorDetails = {
  code: string;
  status?: number;
  problem?: ClientelaError['problem'];
  requestId?: string | undefined;
  retryAfter?: number | undefined;
  challenge?: string | undefined;
  cause?: unknown;
};

/** 422: fields are not valid. */
export class ValidationError extends ClientelaError {}
/** 409: the change conflicts with what is stored. */
export class ConflictError extends ClientelaError {}
/** 412: the record has changed since the version that the change is based on. */
export class StaleError extends ClientelaError {}
/** 401: not signed in, or not with these credentials. */
export class SignInError extends ClientelaError {}
/** 429: too many requests; `retryAfter` says when to try again. */
export class RateLimitError extends ClientelaError {}

/** There was no response. Whether the request took effect is not known. */
export class UnreachableError extends ClientelaError {
  constructor(cause: unknown) {
    super('The server cannot be reached', { code: 'UNREACHABLE', cause });
  }
}

/** The time of the call is over. Whether the request took effect is not known. */
export class TimeoutError extends ClientelaError {
  constructor(milliseconds: number) {
    super(`No response within ${milliseconds / 1000} s`, { code: 'TIMEOUT' });
  }
}

/** The session is over: sign in again. */
export class SessionEnded extends ClientelaError {
  constructor(cause?: unknown) {
    super('The session has ended; sign in again', { code: 'SESSION_ENDED', cause });
  }
}

const byStatus: Readonly<Record<number, new (detail: string, details: ErrorDetails) => ClientelaError>> = {
  401: SignInError,
  409: ConflictError,
  412: StaleError,
  422: ValidationError,
  429: RateLimitError,
};

/** Builds the error of a response that is no success, from its problem document where it has one. */
export async function toError(response: Response): Promise<ClientelaError> {
  const { status, headers } = response;
  const text = await response.text();
  const problem = headers.get('content-type')?.includes('json') ? parseObject(text) : {};
  const retryAfter = Number(headers.get('retry-after') ?? Number.NaN);
  return new (byStatus[status] ?? ClientelaError)(problem.detail ?? `The server responded with status ${status}`, {
    status,
    code: problem.error_code ?? 'UNEXPECTED_RESPONSE',
    problem,
    requestId: problem.request_id ?? headers.get('x-request-id') ?? undefined,
    retryAfter: Number.isFinite(retryAfter) ? retryAfter : undefined,
    challenge: headers.get('www-authenticate') ?? undefined,
  });
}

function parseObject(text: string): ClientelaError['problem'] {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as ClientelaError['problem']) : {};
  } catch {
    return {};
  }
}
