/** Every kind of refusal there is: its HTTP status, its default `error_code` and its title. */
export const kinds = {
  malformed: [400, 'MALFORMED_REQUEST', 'Malformed request'],
  unauthenticated: [401, 'UNAUTHENTICATED', 'Not signed in'],
  forbidden: [403, 'FORBIDDEN', 'Not permitted'],
  not_found: [404, 'NOT_FOUND', 'Not found'],
  method_not_allowed: [405, 'METHOD_NOT_ALLOWED', 'Method not allowed'],
  request_timeout: [408, 'REQUEST_TIMEOUT', 'Request too slow'],
  conflict: [409, 'CONFLICT', 'Conflict'],
  precondition: [412, 'PRECONDITION_FAILED', 'Precondition failed'],
  too_large: [413, 'PAYLOAD_TOO_LARGE', 'Payload too large'],
  uri_too_long: [414, 'MALFORMED_REQUEST', 'Address too long'],
  unsupported_media_type: [415, 'UNSUPPORTED_MEDIA_TYPE', 'Unsupported media type'],
  invalid: [422, 'VALIDATION_FAILED', 'Validation failed'],
  rate_limited: [429, 'RATE_LIMITED', 'Too many requests'],
  headers_too_large: [431, 'MALFORMED_REQUEST', 'Header fields too large'],
  internal: [500, 'INTERNAL_ERROR', 'Internal error'],
  bad_gateway: [502, 'SERVICE_UNAVAILABLE', 'Bad answer from a service'],
  unavailable: [503, 'SERVICE_UNAVAILABLE', 'Service unavailable'],
  upstream_timeout: [504, 'UPSTREAM_TIMEOUT', 'A service did not answer in time'],
} as const;

export type ErrorKind = keyof typeof kinds;

/** One fault of an input: `path` is the field's name, dotted for nested ones (`address.city`, `labels.3`). */
export type FieldError = { path: string; message: string };

export type ErrorDetails = {
  /** Stable, machine readable; left out: the kind's own. */
  error_code?: string;
  /** For people; must be safe to show to any caller. */
  detail: string;
  errors?: readonly FieldError[];
  headers?: Readonly<Record<string, string>>;
  /** Finds the record that stands in the way. The door asks it after the rollback, as the failed transaction can read nothing more. */
  existing?: (db: never) => Promise<object | undefined>;
  cause?: unknown;
};

/** A refusal that the door turns into a problem document. Anything else that is thrown is a 500 that says nothing. */
export class AppError extends Error {
  readonly kind: ErrorKind;
  readonly error_code: string;
  readonly errors: readonly FieldError[];
  readonly headers: Readonly<Record<string, string>>;
  readonly existing: ErrorDetails['existing'];

  constructor(kind: ErrorKind, parts: ErrorDetails) {
    super(parts.detail, { cause: parts.cause });
    this.name = 'AppError';
    this.kind = kind;
    this.error_code = parts.error_code ?? kinds[kind][1];
    this.errors = parts.errors ?? [];
    this.headers = parts.headers ?? {};
    this.existing = parts.existing;
  }
}

const code = (words: string) => words.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_');

/** 400: the request cannot be read at all (broken JSON, a path id that is no UUID). */
export const malformed = (detail: string, errors?: readonly FieldError[]): AppError =>
  new AppError('malformed', { detail, ...(errors && { errors }) });

/** 422: every bad field at once. */
export const invalid = (errors: readonly FieldError[]): AppError =>
  new AppError('invalid', {
    detail: errors.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('; '),
    errors,
  });

/** 401 with the challenge that RFC 6750 asks for. */
export const unauthenticated = (detail = 'Sign in first', error_code?: string): AppError =>
  new AppError('unauthenticated', {
    detail,
    ...(error_code && { error_code }),
    headers: { 'WWW-Authenticate': 'Bearer realm="clientela"' },
  });

export const forbidden = (detail: string, error_code?: string): AppError =>
  new AppError('forbidden', { detail, ...(error_code && { error_code }) });

/** 404 `<RESOURCE>_NOT_FOUND`: unknown, or another company's; the two must not be told apart. */
export const notFound = (resource: string): AppError =>
  new AppError('not_found', {
    error_code: `${code(resource)}_NOT_FOUND`,
    detail: `There is no such ${resource}`,
  });

type Taken = { resource: string; field: string; existing?: ErrorDetails['existing'] };
type Conflict = { error_code?: string; detail: string };

/** 409: either a value that another record holds (`<RESOURCE>_<FIELD>_TAKEN`), or any other conflict said in words. */
export const conflict = (what: Taken | Conflict): AppError =>
  'field' in what
    ? new AppError('conflict', {
        error_code: `${code(what.resource)}_${code(what.field)}_TAKEN`,
        detail: `Another ${what.resource} has this ${what.field}`,
        errors: [{ path: what.field, message: 'already taken' }],
        ...(what.existing && { existing: what.existing }),
      })
    : new AppError('conflict', what);

/** 412: the record has moved on since the caller read it. */
export const preconditionFailed = (): AppError =>
  new AppError('precondition', { detail: 'The record has changed since you read it; read it again and repeat' });

/** 503 with `Retry-After` in seconds. `detail` names the service, never its host. */
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
