import { ClientelaError, SessionEnded, TimeoutError, toError, UnreachableError } from './errors.ts';
import type { Answer, CallOptions, MoreOptions, OperationId } from './types.ts';
import { toForm } from './uploads.ts';

export type Request = {
  method: string;
  path: string;
  query?: object | undefined;
  body?: unknown;
  options?:
    | (CallOptions & Partial<MoreOptions> & { query?: object | undefined; fields?: object | undefined })
    | undefined;
  /** Whether the operation accepts `?company_id=`. */
  company?: boolean;
  /** Whether the operation accepts `Idempotency-Key`, by which a POST can be repeated. */
  keyed?: boolean;
  /** Whether the operation needs no sign-in. It never waits for a token. */
  open?: boolean;
  /** Whether the response is a stream, and no JSON. */
  stream?: boolean;
  /** Milliseconds after which the server has given up. */
  timeout?: number;
  /** Whether the request can be repeated, where the method does not say it. */
  repeatable?: boolean;
};

/** Calls an operation. Rejects with a `ClientelaError`, or with the reason of the caller's signal. */
export type Call = <Id extends OperationId>(request: Request) => Answer<Id>;

/** What proves to the API who calls. */
export type Credentials = {
  /** The token to send; undefined to call without one. */
  token: () => Promise<string | undefined>;
  /** Replaces a token that the API has refused. */
  renew?: (refused: string) => Promise<void>;
};

export type Settings = {
  url: string;
  fetch: (url: string, init: RequestInit) => Promise<Response>;
  timeout: number;
  maxRetries: number;
  companyId: () => string | undefined;
  credentials: Credentials;
};

const repeatableMethods = new Set(['GET', 'HEAD', 'PUT', 'DELETE']);
const retriedStatuses = new Set([0, 429, 502, 503, 504]);
const anonymous: Credentials = { token: () => Promise.resolve(undefined) };

/** Sends a request until it has an answer that a repetition would not change, or its time is over. */
export async function send(settings: Settings, request: Request): Promise<unknown> {
  const { options = {}, method, body } = request;
  const timeout = options.timeout ?? Math.max(settings.timeout, request.timeout ?? 0);
  const endsAt = Date.now() + timeout;
  const timer = new AbortController();
  const timerId = setTimeout(() => timer.abort(new TimeoutError(timeout)), timeout);
  const signal = options.signal ? AbortSignal.any([options.signal, timer.signal]) : timer.signal;
  const key = request.keyed ? (options.idempotencyKey ?? crypto.randomUUID()) : undefined;
  const isReadOnce = body instanceof ReadableStream;
  const isRepeatable = !isReadOnce && (request.repeatable ?? (repeatableMethods.has(method) || key !== undefined));
  const credentials = request.open ? anonymous : settings.credentials;
  let hasRenewed = isReadOnce;
  try {
    for (let repetitions = 0; ;) {
      const token = await beforeAbort(credentials.token(), signal);
      try {
        return await sendOnce(settings, request, { key, token, signal });
      } catch (reason) {
        signal.throwIfAborted();
        const error = toClientelaError(reason);
        if (credentials.renew && token !== undefined && !hasRenewed && isRefusedToken(error)) {
          hasRenewed = true;
          await beforeAbort(credentials.renew(token), signal);
          continue;
        }
        const delay = delayBefore(repetitions, error);
        const isFinal = !isRepeatable || !retriedStatuses.has(error.status) || Date.now() + delay >= endsAt;
        if (isFinal || repetitions >= (options.maxRetries ?? settings.maxRetries)) throw error;
        repetitions += 1;
        await beforeAbort(sleep(delay), signal);
      }
    }
  } finally {
    clearTimeout(timerId);
  }
}

/** Anything else that `fetch` or the body rejects with says that the connection failed. */
const toClientelaError = (reason: unknown) =>
  reason instanceof ClientelaError ? reason : new UnreachableError(reason);
const isRefusedToken = ({ status, challenge }: ClientelaError) =>
  status === 401 && challenge !== undefined && challenge.includes('error="invalid_token"');
/** Milliseconds until the next try: those that the server asks for, else random ones, so that clients do not come back together. */
const delayBefore = (repetitions: number, { retryAfter }: ClientelaError) =>
  retryAfter === undefined ? Math.random() * Math.min(10_000, 200 * 2 ** repetitions) : retryAfter * 1000;
export const sleep = (milliseconds: number) =>
  new Promise<void>((resolve) => {
    setTimeout(resolve, milliseconds);
  });

/** Waits for a promise that others may wait for too, until the signal aborts. */
async function beforeAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop);
  });
  try {
    return await Promise.race([aborted, promise]);
  } finally {
    if (stop) signal.removeEventListener('abort', stop);
  }
}

type Sending = { key: string | undefined; token: string | undefined; signal: AbortSignal };

async function sendOnce(settings: Settings, request: Request, { key, token, signal }: Sending): Promise<unknown> {
  const { options = {}, method, stream } = request;
  const headers = new Headers(options.headers);
  const set = (name: string, value: string | undefined) => value !== undefined && headers.set(name, value);
  set('Authorization', token && `Bearer ${token}`);
  set('Idempotency-Key', key);
  set('If-Match', toETag(options.ifMatch));
  set('X-Request-Id', options.requestId);
  const body = toBody(request);
  set('Content-Type', body?.type);
  const response = await settings.fetch(toUrl(settings, request), {
    method,
    headers,
    signal,
    credentials: 'omit',
    redirect: 'error', // a redirected POST would become a GET
    ...body?.init,
  });
  if (!response.ok) throw await toError(response);
  if (stream) return response.body ?? new Response('').body;
  return await readJson(response);
}

const toETag = (version: MoreOptions['ifMatch']) => (typeof version === 'object' ? `"${version.version}"` : version);

type Parameter = string | number | boolean | null | undefined;

function toUrl({ url, companyId }: Settings, { path, query, options = {}, company }: Request): string {
  const parameters = new URLSearchParams();
  const all = { ...query, ...options.query, ...(company && { company_id: options.companyId ?? companyId() }) };
  for (const [name, value] of Object.entries(all) as [string, Parameter | Parameter[]][]) {
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== undefined && one !== null) parameters.append(name, String(one));
  }
  return url + path + (parameters.size > 0 ? `?${parameters.toString()}` : '');
}

function toBody({ body, options }: Request): { type?: string | undefined; init: RequestInit } | undefined {
  if (body === undefined) return undefined;
  if (body instanceof Blob || body instanceof ReadableStream) return toForm(body, options);
  return { type: 'application/json', init: { body: JSON.stringify(body) } };
}

async function readJson(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const { status, headers } = response;
    const requestId = headers.get('x-request-id') ?? undefined;
    throw new ClientelaError('The response is no JSON', { status, code: 'UNEXPECTED_RESPONSE', requestId, cause });
  }
}

export const isRefusal = (error: unknown): boolean =>
  error instanceof SessionEnded || (error instanceof ClientelaError && [401, 403, 422].includes(error.status));
