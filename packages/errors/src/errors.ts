/** Maps each kind of error to its HTTP status, default `error_code` and title. */
export const kinds = {
  malformed: [400, 'MALFORMED_REQUEST', 'Malformed request'],
  unauthenticated: [401, 'UNAUTHENTICATED', 'Unauthenticated'],
  forbidden: [403, 'FORBIDDEN', 'Forbidden'],
  not_found: [404, 'NOT_FOUND', 'Not found'],
  method_not_allowed: [405, 'METHOD_NOT_ALLOWED', 'Method not allowed'],
  request_timeout: [408, 'REQUEST_TIMEOUT', 'Request timeout'],
  conflict: [409, 'CONFLICT', 'Conflict'],
  precondition: [412, 'PRECONDITION_FAILED', 'Precondition failed'],
  too_large: [413, 'PAYLOAD_TOO_LARGE', 'Payload too large'],
  uri_too_long: [414, 'MALFORMED_REQUEST', 'URI too long'],
  unsupported_media_type: [415, 'UNSUPPORTED_MEDIA_TYPE', 'Unsupported media type'],
  invalid: [422, 'VALIDATION_FAILED', 'Validation failed'],
  rate_limited: [429, 'RATE_LIMITED', 'Too many requests'],
  headers_too_large: [431, 'MALFORMED_REQUEST', 'Header fields too large'],
  internal: [500, 'INTERNAL_ERROR', 'Internal error'],
  bad_gateway: [502, 'SERVICE_UNAVAILABLE', 'Bad gateway'],
  unavailable: [503, 'SERVICE_UNAVAILABLE', 'Service unavailable'],
  upstream_timeout: [504, 'UPSTREAM_TIMEOUT', 'Gateway timeout'],
  http_version: [505, 'HTTP_VERSION_NOT_SUPPORTED', 'HTTP version not supported'],
} as const;

export type ErrorKind = keyof typeof kinds;

/** One invalid field of an input. `path` is the field's name, dotted when nested (`address.city`, `labels.3`). */
export type FieldError = { path: string; message: string };

export type ErrorDetails = {
  /** Stable and machine readable. Defaults to the code of the kind. */
  error_code?: string;
  /** For people. Must be safe to show to any client. */
  detail: string;
  errors?: readonly FieldError[];
  headers?: Readonly<Record<string, string>>;
  /** The permission that the caller lacks: `customers:create`. */
  missing?: string;
  /** Finds the conflicting record. Runs after the rollback, because a failed transaction accepts no further queries. */
  existing?: (db: never) => Promise<object | undefined>;
  /** Further members of the problem document (RFC 9457, 3.2). They reach the client, and no log. */
  members?: Readonly<Record<string, string>>;
  cause?: unknown;
};

/** An error that becomes a problem document. Anything else that is thrown becomes a 500 without details. */
export class AppError extends Error {
  readonly kind: ErrorKind;
  readonly error_code: string;
  readonly errors: readonly FieldError[];
  readonly headers: Readonly<Record<string, string>>;
  readonly missing: string | undefined;
  readonly existing: ErrorDetails['existing'];
  readonly #members: Readonly<Record<string, string>>;

  constructor(kind: ErrorKind, details: ErrorDetails) {
    super(details.detail, { cause: details.cause });
    this.name = 'AppError';
    this.kind = kind;
    this.error_code = details.error_code ?? kinds[kind][1];
    this.errors = details.errors ?? [];
    this.headers = details.headers ?? {};
    this.missing = details.missing;
    this.existing = details.existing;
    this.#members = details.members ?? {};
  }

  /** Private, because loggers list the properties of errors. */
  get members(): Readonly<Record<string, string>> {
    return this.#members;
  }
}

const toErrorCode = (text: string) => text.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_');

/** 400: the request cannot be parsed (broken JSON, a path id that is not a UUID). */
export const malformed = (detail: string, errors?: readonly FieldError[]): AppError =>
  new AppError('malformed', { detail, ...(errors && { errors }) });

/** 422: lists every invalid field. */
export const invalid = (errors: readonly FieldError[]): AppError =>
  new AppError('invalid', {
    detail: errors.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('; '),
    errors,
  });

/** 401 with the `WWW-Authenticate` challenge of RFC 6750. */
export const unauthenticated = (
  detail = 'Authentication required',
  error_code?: string,
  members?: ErrorDetails['members'],
): AppError =>
  new AppError('unauthenticated', {
    detail,
    ...(error_code && { error_code }),
    ...(members && { members }),
    headers: { 'WWW-Authenticate': 'Bearer realm="clientela"' },
  });

export const forbidden = (detail: string, error_code?: string): AppError =>
  new AppError('forbidden', { detail, ...(error_code && { error_code }) });

/** 403 that names the permission which the caller lacks. */
export const lacksPermission = (permission: string, holder: 'role' | 'API key' = 'role'): AppError =>
  new AppError('forbidden', { detail: `Your ${holder} lacks the permission ${permission}`, missing: permission });

/**
 * @param missing the permission that allows the fields; undefined when another role is needed
 * @throws AppError 403 that names each field, unless there is none
 */
export function rejectFields(fields: readonly string[], missing?: string): void {
  if (fields.length === 0) return;
  throw new AppError('forbidden', {
    detail: `Your role may not write ${fields.join(', ')}`,
    errors: fields.map((path) => ({ path, message: 'is not writable by your role' })),
    ...(missing !== undefined && { missing }),
  });
}

/** 404 `<RESOURCE>_NOT_FOUND`: unknown or owned by another company. Clients must not be able to tell these apart. */
export const notFound = (resource: string): AppError =>
  new AppError('not_found', {
    error_code: `${toErrorCode(resource)}_NOT_FOUND`,
    detail: `No such ${resource}`,
  });

type TakenValue = { resource: string; field: string; existing?: ErrorDetails['existing'] };
type Conflict = { error_code?: string; detail: string };

/** 409: a unique value that another record has (`<RESOURCE>_<FIELD>_TAKEN`), or any other conflict with its own detail. */
export const conflict = (reason: TakenValue | Conflict): AppError =>
  'field' in reason
    ? new AppError('conflict', {
        error_code: `${toErrorCode(reason.resource)}_${toErrorCode(reason.field)}_TAKEN`,
        detail: `Another ${reason.resource} has this ${reason.field}`,
        errors: [{ path: reason.field, message: 'already taken' }],
        ...(reason.existing && { existing: reason.existing }),
      })
    : new AppError('conflict', reason);

/** 412: `If-Match` names another version than the current one. */
export const preconditionFailed = (): AppError =>
  new AppError('precondition', { detail: 'The current version does not match If-Match' });

/**
 * 503 with `Retry-After`. `detail` names the service, never its host.
 * @param options.retryAfter seconds, default 2
 */
export const unavailable = (
  detail: string,
  options: { error_code?: string; retryAfter?: number; cause?: unknown } = {},
): AppError =>
  new AppError('unavailable', {
    detail,
    ...(options.error_code && { error_code: options.error_code }),
    headers: { 'Retry-After': String(options.retryAfter ?? 2) },
    cause: options.cause,
  });

/** 429 with the seconds until the limit admits a request again. @param reason which limit it is, where that helps */
export const rateLimited = (seconds: number, reason = 'Rate limit exceeded'): AppError =>
  new AppError('rate_limited', {
    detail: `${reason}; retry in ${seconds} s`,
    headers: { 'Retry-After': String(seconds) },
  });

/** 503 `OVERLOADED`: the request was rejected before any work was done for it. */
export const overloaded = (): AppError =>
  unavailable('Too many requests are in progress; retry later', { error_code: 'OVERLOADED', retryAfter: 1 });
