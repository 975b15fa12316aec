import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError } from './errors.ts';
import type { Credentials } from './credentials.ts';

type Json = Record<string, unknown>;
type Body = FormData | object;
export type RequestOptions = { body?: Body; key?: string; signal?: AbortSignal };

/** Calls the gateway as a signed-in user; signs in again when the token expires. */
export type ApiClient = {
  /** Whether the user belongs to no company and must name one. */
  isSuperuser: boolean;
  /** @throws CommandError with the detail of the problem document */
  send: (method: 'GET' | 'POST', path: string, options?: RequestOptions) => Promise<Json>;
  /** Returns the text of a response, such as a CSV file. */
  text: (path: string) => Promise<string>;
};

const maxAttempts = 5;
const maxWait = 75; // seconds, longer than a rate limit per minute
const retryable = new Set([429, 502, 503, 504]);

/**
 * Signs in.
 * @param url of the gateway, without a slash at its end
 * @param company_id the company that a superuser acts in, by its id or key
 * @throws CommandError for wrong credentials, or a gateway that is away
 */
export async function connectToGateway(url: string, credentials: Credentials, company_id?: string): Promise<ApiClient> {
  let token = 'token' in credentials ? credentials.token : await signIn(url, credentials);

  const request = async (method: string, path: string, options: RequestOptions): Promise<Response> => {
    const target = new URL(`${url}${path}`);
    if (company_id !== undefined) target.searchParams.set('company_id', company_id);
    for (let attempt = 1, hasRenewed = false; ; attempt += 1) {
      const response = await call(target, method, token, options);
      if (response.status === 401 && !hasRenewed && 'password' in credentials) {
        token = await signIn(url, credentials);
        hasRenewed = true;
      } else if (!isRetryable(response) || attempt === maxAttempts) return response;
      else await sleep(1000 * retryAfter(response), undefined, { signal: options.signal });
      await response.body?.cancel();
    }
  };
  const checked = async (method: string, path: string, options: RequestOptions = {}) => {
    const response = await request(method, path, options);
    if (!response.ok) throw await toError(response);
    return response;
  };
  const { user } = (await (await callOwn(url, token)).json()) as { user: { role: string } };
  return {
    isSuperuser: user.role === 'superuser',
    send: async (method, path, options) => (await (await checked(method, path, options)).json()) as Json,
    text: async (path) => (await checked('GET', path)).text(),
  };
}

async function callOwn(url: string, token: string): Promise<Response> {
  const response = await call(new URL(`${url}/auth/me`), 'GET', token, {});
  if (!response.ok) throw await toError(response);
  return response;
}

async function signIn(url: string, { email, password }: { email: string; password: string }): Promise<string> {
  const response = await call(new URL(`${url}/auth/login`), 'POST', undefined, { body: { email, password } });
  if (!response.ok) throw await toError(response);
  return ((await response.json()) as { access_token: string }).access_token;
}

async function call(
  target: URL,
  method: string,
  token: string | undefined,
  { body, key, signal }: RequestOptions,
): Promise<Response> {
  const isForm = body instanceof FormData;
  try {
    return await fetch(target, {
      method,
      headers: {
        ...(token && { Authorization: `Bearer ${token}` }),
        ...(key && { 'Idempotency-Key': key }),
        ...(body && !isForm && { 'Content-Type': 'application/json' }),
      },
      ...(body && { body: isForm ? body : JSON.stringify(body) }),
      ...(signal && { signal }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    const { cause } = error as { cause?: unknown };
    const reason = cause instanceof Error ? ` (${cause.message})` : '';
    throw new CommandError(
      `No response from ${target.origin}${reason}: start the fleet with "npm start", or name its URL with --url`,
    );
  }
}

async function toError(response: Response): Promise<CommandError> {
  const text = await response.text();
  let detail = text.slice(0, 500);
  try {
    const problem = JSON.parse(text) as { detail?: string; error_code?: string };
    if (problem.detail) detail = `${problem.detail} (${problem.error_code ?? response.status})`;
  } catch {
    // Not a problem document, such as that of a proxy in between.
  }
  return new CommandError(detail || `The gateway returned ${response.status}`, response.status);
}

/** Whether to try again: not when the gateway says that it takes longer than anybody waits, as for a setting that is missing. */
const isRetryable = (response: Response): boolean => retryable.has(response.status) && retryAfter(response) <= maxWait;

function retryAfter(response: Response): number {
  const seconds = Number(response.headers.get('retry-after') ?? 1);
  return Number.isFinite(seconds) ? Math.max(seconds, 0.2) : 1;
}
