import { AppError, unavailable } from '@clientela/errors';
import { callHeaders, type CompanyActor } from '@clientela/http';
import type { z } from 'zod';

/** Where something is asked about customers: `{url}/internal/customers/{id}/{name}`. */
export type Place<S extends z.ZodType> = {
  /** `orders`: as it is called in the path. */
  name: string;
  url: string;
  /** This program's service key. */
  key: string;
  shape: S;
};

export type Question = {
  customer_id: string;
  limit: number;
  status?: string | undefined;
  /** Whom it is asked for. */
  actor: CompanyActor;
};

const largest = 1024 * 1024; // bytes of an answer

/**
 * Asks once.
 * @throws AppError `unavailable` when nobody answers, `bad_gateway` when the answer is a refusal or cannot be used
 */
export async function ask<S extends z.ZodType>(
  { name, url, key, shape }: Place<S>,
  { customer_id, limit, status, actor }: Question,
  signal: AbortSignal,
): Promise<z.infer<S>> {
  const query = new URLSearchParams({ limit: String(limit), ...(status !== undefined && { status }) });
  const at = `${url.replace(/\/+$/, '')}/internal/customers/${customer_id}/${name}`;
  const text = await answerTo(`${at}?${query.toString()}`, callHeaders(key, actor), signal);
  try {
    return shape.parse(JSON.parse(text));
  } catch (cause) {
    throw unusable('of another shape', cause);
  }
}

async function answerTo(at: string, headers: Headers, signal: AbortSignal): Promise<string> {
  try {
    const answer = await fetch(at, { headers, redirect: 'manual', signal });
    if (answer.ok) return await bounded(answer);
    await answer.body?.cancel();
    throw answer.status >= 500 ? unavailable(`It answered ${answer.status}`) : unusable(`status ${answer.status}`);
  } catch (cause) {
    throw cause instanceof AppError ? cause : unavailable('It does not answer', { cause });
  }
}

async function bounded(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body ?? []) {
    size += chunk.length;
    if (size > largest) throw unusable('too large'); // leaving the loop hangs up
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

const unusable = (why: string, cause?: unknown) =>
  new AppError('bad_gateway', { detail: `Its answer is of no use: ${why}`, cause });

/** Whether an upstream was not there at all, so that asking again may help and asking less often will. */
export const isAway = (error: unknown): boolean => error instanceof AppError && error.kind === 'unavailable';
