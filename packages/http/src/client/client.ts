import type { Service } from '@clientela/contracts';
import { unavailable } from '@clientela/errors';
import { traceparent } from '@clientela/runtime';
import { Agent, request } from 'undici';
import type { z } from 'zod';
import { identityHeaders, type Actor } from '../identity/actor.ts';
import { deadlineExceeded, remainingTime, timeoutSignal } from '../routing/deadline.ts';
import { createCallPolicy, type CallPolicy } from './call-policy.ts';
import { traceCall } from './trace-call.ts';

type Call = {
  /** The actor that the call is made for. Its user and company are sent along. */
  actor: Actor;
  /** Aborts the call: client disconnected, or deadline passed. */
  signal?: AbortSignal;
};

/**
 * Builds the headers of a service call: service key, request id and actor.
 * @param signal of the call; the time left of it is sent along
 */
export function callHeaders(key: string, actor: Actor, signal?: AbortSignal): Headers {
  const headers = new Headers({
    'X-Service-Key': key,
    'X-Request-Id': actor.request_id,
    ...identityHeaders(actor),
  });
  const timeLeft = remainingTime(signal);
  if (timeLeft !== undefined) headers.set('X-Request-Timeout', String(Math.ceil(timeLeft)));
  const trace = traceparent();
  if (trace !== undefined) headers.set('traceparent', trace);
  if (actor.company_id) headers.set('X-Company-Id', actor.company_id);
  if (actor.session_id) headers.set('X-Session-Id', actor.session_id);
  if (actor.client_ip) headers.set('X-Client-Ip', actor.client_ip);
  return headers;
}

/** Statuses that mean "try again later". */
const unavailableStatuses: ReadonlySet<number> = new Set([502, 503, 504]);

/** Calls another service. Every call has a timeout. While the service is unavailable, a call throws a 503 that names it. */
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

const maxResponseBytes = 64 * 1024 * 1024; // pages of an export are the longest

/** Keeps connections open between calls. Costs a fraction of `fetch`, whose streams, headers and redirects no service needs. */
const agent = new Agent({ connections: 128 });

/** Reads a response as text. @returns undefined, and closes the connection, when it is longer than `maxBytes` */
export async function readText(
  { body }: { body: AsyncIterable<Uint8Array> | null },
  maxBytes: number,
): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > maxBytes) return undefined; // leaving the loop closes the connection
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/**
 * @param options.url base URL of the service
 * @param options.key service key of the calling service
 * @param options.timeout milliseconds per call with its retries, default 2,000
 * @param options.policy breaker and retry budget, which all clients of a service share; default its own
 */
export function serviceClient(options: {
  service: Service;
  url: string;
  key: string;
  timeout?: number;
  policy?: CallPolicy;
}): ServiceClient {
  const { service, url, key, timeout = 2000, policy = createCallPolicy(service) } = options;

  const send = async (path: string, { actor, signal: caller }: Call, body?: string) => {
    const signal = timeoutSignal(timeout, caller);
    const attempt = async () => {
      const headers = callHeaders(key, actor, signal);
      if (body !== undefined) headers.set('Content-Type', 'application/json');
      let status: number;
      let text: string | undefined;
      try {
        const response = await request(`${url}${path}`, {
          method: body === undefined ? 'GET' : 'POST',
          headers: Object.fromEntries(headers),
          body: body ?? null,
          signal,
          dispatcher: agent,
        });
        status = response.statusCode;
        text = await readText(response, maxResponseBytes);
        if (status >= 300 && status < 400) throw new Error(`${service} redirects`);
      } catch (error) {
        if (caller?.aborted || (remainingTime(caller) ?? timeout) <= 0) throw deadlineExceeded();
        throw unavailable(`The ${service} service is unavailable`, { cause: error });
      }
      if (unavailableStatuses.has(status)) throw unavailable(`The ${service} service is unavailable`);
      return { status, text };
    };
    return policy(() => traceCall(service, body === undefined ? 'GET' : 'POST', path, attempt), {
      isIdempotent: body === undefined,
      signal,
    });
  };

  /** Parses a response with its schema; undefined for a 404. */
  const parse = <S extends z.ZodType>(
    { status, text }: Awaited<ReturnType<typeof send>>,
    schema: S,
    call: string,
  ): z.infer<S> | undefined => {
    if (status === 404) return undefined;
    // An error between services, or an unexpected body, is a bug and not the client's fault: it becomes a 500.
    if (status >= 300) throw new Error(`${service} responded ${status} to ${call}`);
    if (text === undefined) throw new Error(`${service} responded with more than ${maxResponseBytes} bytes to ${call}`);
    return schema.parse(JSON.parse(text));
  };
  return {
    service,
    get: async (path, schema, call) => parse(await send(path, call), schema, `GET ${path}`),
    post: async (path, body, call) => (await send(path, call, JSON.stringify(body))).status,
    postForBody: async (path, body, schema, call) =>
      parse(await send(path, call, JSON.stringify(body)), schema, `POST ${path}`),
  };
}
