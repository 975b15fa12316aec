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
  const { status: responded, text } = await traceCall(name, 'GET', path, () =>
    fetchText(target, callHeaders(key, actor, signal), signal),
  );
  if (responded >= 500) throw unavailable(`The upstream responded with ${responded}`);
  if (text === undefined) throw badResponse(`status ${responded}`);
  try {
    return shape.parse(JSON.parse(text));
  } catch (cause) {
    throw badResponse('unexpected shape', cause);
  }
}

/** @returns the status, and the text of a 2xx response */
async function fetchText(
  url: string,
  headers: Headers,
  signal: AbortSignal,
): Promise<{ status: number; text?: string }> {
  try {
    const response = await fetch(url, { headers, redirect: 'manual', signal });
    if (response.ok) {
      const text = await readText(response, maxResponseBytes);
      if (text === undefined) throw badResponse('too large');
      return { status: response.status, text };
    }
    await response.body?.cancel();
    return { status: response.status };
  } catch (cause) {
    throw cause instanceof AppError ? cause : unavailable('The upstream does not respond', { cause });
  }
}

const badResponse = (reason: string, cause?: unknown) =>
  new AppError('bad_gateway', { detail: `The upstream response cannot be used: ${reason}`, cause });
