import type { Service } from '@clientela/contracts';
import { unavailable } from '@clientela/errors';
import type { z } from 'zod';
import type { Actor } from '../identity/actor.ts';

type Call = {
  /** Whom the call is made for: a user is carried on, and with it its company. */
  actor: Actor;
  /** The caller's own end: client gone, or deadline. */
  signal?: AbortSignal;
};

/** What a call carries: this program's key, and on whose behalf it is made. */
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

/** Answers that say "not now" rather than anything about the request. */
const away: ReadonlySet<number> = new Set([502, 503, 504]);

/** Asks another service. Every call has a deadline; what is not an answer is a 503 that names the service. */
export type ServiceClient = {
  service: Service;
  /** @returns undefined for a 404 */
  get: <S extends z.ZodType>(path: string, answer: S, call: Call) => Promise<z.infer<S> | undefined>;
  /** Sends a JSON body. @returns the status, whatever it is short of "not now" */
  post: (path: string, body: unknown, call: Call) => Promise<number>;
  /** Sends a JSON body for what is answered. @returns undefined for a 404 */
  postForBody: <S extends z.ZodType>(
    path: string,
    body: unknown,
    answer: S,
    call: Call,
  ) => Promise<z.infer<S> | undefined>;
};

/**
 * @param options.url the service's own address, from the settings
 * @param options.key this program's service key
 * @param options.timeout milliseconds a call may take, default 2,000
 */
export function serviceClient(options: {
  service: Service;
  url: string;
  key: string;
  timeout?: number;
}): ServiceClient {
  const { service, url, key, timeout = 2000 } = options;

  const send = async (path: string, { actor, signal }: Call, init: RequestInit = {}): Promise<Response> => {
    const limit = AbortSignal.timeout(timeout);
    const headers = callHeaders(key, actor);
    if (init.body) headers.set('Content-Type', 'application/json');
    try {
      const answer = await fetch(`${url}${path}`, {
        ...init,
        headers,
        redirect: 'error',
        signal: signal ? AbortSignal.any([limit, signal]) : limit,
      });
      if (!away.has(answer.status)) return answer;
      await answer.body?.cancel();
    } catch (error) {
      throw unavailable(`The ${service} service does not answer`, { cause: error });
    }
    throw unavailable(`The ${service} service does not answer`);
  };

  /** What was answered, held against its shape; undefined for a 404. */
  const read = async <S extends z.ZodType>(answer: Response, schema: S, asked: string) => {
    if (answer.status === 404) {
      await answer.body?.cancel();
      return undefined;
    }
    // A refusal between services, or an answer of another shape, is our own fault: the caller cannot mend it.
    if (!answer.ok) throw new Error(`${service} answered ${answer.status} to ${asked}`);
    const text = await answer.text().catch((error: unknown) => {
      throw unavailable(`The ${service} service does not answer`, { cause: error }); // cut off in the middle
    });
    return schema.parse(JSON.parse(text));
  };
  const sent = (body: unknown) => ({ method: 'POST', body: JSON.stringify(body) });

  return {
    service,
    get: async (path, schema, call) => read(await send(path, call), schema, `GET ${path}`),
    post: async (path, body, call) => {
      const answer = await send(path, call, sent(body));
      await answer.body?.cancel();
      return answer.status;
    },
    postForBody: async (path, body, schema, call) => read(await send(path, call, sent(body)), schema, `POST ${path}`),
  };
}
