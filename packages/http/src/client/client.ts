import type { Service } from '@clientela/contracts';
import { unavailable } from '@clientela/errors';
import type { z } from 'zod';
import type { Actor } from '../identity/actor.ts';
import { deadlineExceeded, remainingTime, timeoutHeader } from '../routing/deadline.ts';

type Call = {
  /** The actor that the call is made for. Its user and company are sent along. */
  actor: Actor;
  /** Aborts the call: client disconnected, or deadline passed. */
  signal?: AbortSignal;
};

/** Builds the headers of a service call: service key, request id and actor. */
export function callHeaders(key: string, actor: Actor): Headers {
  const headers = new Headers({ 'X-Service-Key': key, 'X-Request-Id': actor.request_id });
  if (actor.role !== 'service') {
    headers.set('X-User-Id', actor.id);
    headers.set('X-User-Role', actor.role);
  }
  if (actor.company_id) headers.set('X-Company-Id', actor.company_id);
  if (actor.session_id) headers.set('X-Session-Id', actor.session_id);
  if (actor.client_ip) headers.set('X-Client-Ip', actor.client_ip);
  return headers;
}

/** Statuses that mean "try again later". */
const unavailableStatuses: ReadonlySet<number> = new Set([502, 503, 504]);

/** Calls another service. Every call has a timeout. A failed call throws a 503 that names the service. */
export type ServiceClient = {
  service: Service;
  /** @returns undefined for a 404 */
  get: <S extends z.ZodType>(path: string, schema: S, call: Call) => Promise<z.infer<S> | undefined>;
  /** Sends a JSON body. @returns the status of any response but 502, 503 and 504 */
  post: (path: string, body: unknown, call: Call) => Promise<number>;
  /** Sends a JSON body and parses the response. @returns undefined for a 404 */
  postForBody: <S extends z.ZodType>(
    path: string,
    body: unknown,
    schema: S,
    call: Call,
  ) => Promise<z.infer<S> | undefined>;
};

/**
 * @param options.url base URL of the service
 * @param options.key service key of the calling service
 * @param options.timeout milliseconds per call, default 2,000
 */
export function serviceClient(options: {
  service: Service;
  url: string;
  key: string;
  timeout?: number;
}): ServiceClient {
  const { service, url, key, timeout = 2000 } = options;

  const send = async (path: string, { actor, signal }: Call, init: RequestInit = {}): Promise<Response> => {
    const timeLeft = Math.ceil(Math.min(timeout, remainingTime(signal) ?? timeout));
    if (timeLeft <= 0) throw deadlineExceeded();
    const timeoutSignal = AbortSignal.timeout(timeLeft);
    const headers = callHeaders(key, actor);
    headers.set(timeoutHeader, String(timeLeft));
    if (init.body) headers.set('Content-Type', 'application/json');
    try {
      const response = await fetch(`${url}${path}`, {
        ...init,
        headers,
        redirect: 'error',
        signal: signal ? AbortSignal.any([timeoutSignal, signal]) : timeoutSignal,
      });
      if (!unavailableStatuses.has(response.status)) return response;
      await response.body?.cancel();
    } catch (error) {
      throw unavailable(`The ${service} service is unavailable`, { cause: error });
    }
    throw unavailable(`The ${service} service is unavailable`);
  };

  /** Parses a response with its schema; undefined for a 404. */
  const read = async <S extends z.ZodType>(response: Response, schema: S, call: string) => {
    if (response.status === 404) {
      await response.body?.cancel();
      return undefined;
    }
    // An error between services, or an unexpected body, is a bug and not the client's fault: it becomes a 500.
    if (!response.ok) throw new Error(`${service} responded ${response.status} to ${call}`);
    const text = await response.text().catch((error: unknown) => {
      throw unavailable(`The ${service} service is unavailable`, { cause: error }); // truncated response
    });
    return schema.parse(JSON.parse(text));
  };
  const jsonPost = (body: unknown) => ({ method: 'POST', body: JSON.stringify(body) });

  return {
    service,
    get: async (path, schema, call) => read(await send(path, call), schema, `GET ${path}`),
    post: async (path, body, call) => {
      const response = await send(path, call, jsonPost(body));
      await response.body?.cancel();
      return response.status;
    },
    postForBody: async (path, body, schema, call) =>
      read(await send(path, call, jsonPost(body)), schema, `POST ${path}`),
  };
}
