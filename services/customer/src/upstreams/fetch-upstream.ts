import { AppError, unavailable } from '@clientela/errors';
import { callHeaders, readText, traceCall, type CompanyActor } from '@clientela/http';
import type { z } from 'zod';

/** Internal route of an upstream: `{url}/internal/customers/{id}/{name}`. */
export type Endpoint<S extends z.ZodType> = {
  /** Last path segment, such as `orders`. */
  name: 'orders' | 'complaints' | 'appointments';
  url: string;
  /** Service key of this service. */
  key: string;
  shape: S;
};

export type UpstreamQuery = {
  customer_id: string;
  limit: number;
  status?: string | undefined;
  /** Actor on whose behalf the upstream is called. */
  actor: CompanyActor;
};

const maxResponseBytes = 1024 * 1024;

/**
 * Calls the upstream once.
 * @throws AppError `unavailable` without a response or on a 5xx, `bad_gateway` when the response is rejected or malformed
 */
export async function fetchUpstream<S extends z.ZodType>(
  { name, url, key, shape }: Endpoint<S>,
  { customer_id, limit, status, actor }: UpstreamQuery,
  signal: AbortSignal,
): Promise<z.infer<S>> {
  const query = new URLSearchParams({ limit: String(limit), ...(status !== undefined && { status }) });
  const path = `/internal/customers/${customer_id}/${name}`;
  const target = `${url.replace(/\/+$/, '')}${path}?${query.toString()}`;
  const { text } = await traceCall(name, 'GET', path, async () => ({
    status: 200,
    text: await fetchText(target, callHeaders(key, actor, signal), signal),
  }));
  try {
    return shape.parse(JSON.parse(text));
  } catch (cause) {
    throw badResponse('unexpected shape', cause);
  }
}

async function fetchText(url: string, headers: Headers, signal: AbortSignal): Promise<string> {
  try {
    const response = await fetch(url, { headers, redirect: 'manual', signal });
    if (response.ok) {
      const text = await readText(response, maxResponseBytes);
      if (text === undefined) throw badResponse('too large');
      return text;
    }
    await response.body?.cancel();
    throw response.status >= 500
      ? unavailable(`The upstream responded with ${response.status}`)
      : badResponse(`status ${response.status}`);
  } catch (cause) {
    throw cause instanceof AppError ? cause : unavailable('The upstream does not respond', { cause });
  }
}

const badResponse = (reason: string, cause?: unknown) =>
  new AppError('bad_gateway', { detail: `The upstream response cannot be used: ${reason}`, cause });
