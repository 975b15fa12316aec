import { Revocations as Told } from '@clientela/contracts';
import type { Log } from '@clientela/runtime';
import type { Caller } from './authenticate.ts';
import type { Limits } from './limits.ts';

/**
 * Whose access was taken away, asked of auth each second. Until the first answer nobody is let in (`ready`); while auth is
 * away, what is known stands.
 */
export type Revocations = {
  ready: () => boolean;
  /** @param iat when the token was issued, in seconds */
  revoked: (caller: Pick<Caller, 'session_id' | 'company_id'>, iat: number) => boolean;
  close: () => void;
};

export function openRevocations(auth: string, service_key: string, limits: Limits, log: Log): Revocations {
  /** Ended sessions, and until when (milliseconds) their tokens could be used. */
  let sessions = new Map<string, number>();
  /** Companies that are not active. */
  let companies = new Set<string>();
  /** Tokens issued before this moment (seconds) are refused, whoever's they are. */
  let issued_after = -1;
  /** auth's clock at its latest answer. */
  let as_of: number | undefined;
  let answered_at = -Infinity;
  let complained = false;
  let timer: NodeJS.Timeout | undefined;
  const closed = new AbortController();

  const ask = async (since: number | undefined): Promise<Told> => {
    const address = new URL('/internal/revocations', auth);
    if (since !== undefined) address.searchParams.set('since', new Date(since).toISOString());
    const behind = performance.now() - answered_at > 5 * limits.revocations_every;
    const patience = behind ? limits.revocations_call_behind : limits.revocations_call;
    const answer = await fetch(address, {
      headers: { 'X-Service-Key': service_key },
      redirect: 'error',
      signal: AbortSignal.any([closed.signal, AbortSignal.timeout(patience)]),
    });
    if (!answer.ok) throw new Error(`auth answered ${answer.status}`);
    return Told.parse(await answer.json());
  };

  const learn = (answer: Told, in_full: boolean) => {
    if (in_full) {
      sessions = new Map();
      companies = new Set();
    }
    for (const { sid, until } of answer.sessions) sessions.set(sid, Date.parse(until));
    for (const { id, active } of answer.companies) {
      if (active) companies.delete(id);
      else companies.add(id);
    }
    const over = Date.now() - limits.revocations_margin;
    for (const [sid, until] of sessions) if (until < over) sessions.delete(sid);
    // More than can be told or kept: every token of before counts as revoked. Whoever's session stands gets another by a
    // refresh, and the memory stays bounded.
    if (answer.truncated || sessions.size > limits.revocations) {
      issued_after = Math.floor(Date.parse(answer.as_of) / 1000);
      sessions = new Map();
      log.warn('revocations: too many to keep, tokens issued until now are refused');
    }
  };

  const pull = async () => {
    const asked_at = performance.now();
    const in_full = as_of === undefined || asked_at - answered_at > limits.revocations_gap;
    try {
      const answer = await ask(in_full || as_of === undefined ? undefined : as_of - limits.revocations_overlap);
      learn(answer, in_full);
      as_of = Date.parse(answer.as_of);
      answered_at = asked_at;
      complained = false;
    } catch (err) {
      if (!complained && !closed.signal.aborted) log.warn({ err }, 'revocations: not fetched, trying again');
      complained = true;
    }
    if (closed.signal.aborted) return;
    const pause = as_of === undefined ? limits.keys_retry : limits.revocations_every - (performance.now() - asked_at);
    timer = setTimeout(() => void pull(), Math.max(0, pause)).unref();
  };
  void pull();

  return {
    ready: () => as_of !== undefined,
    revoked: ({ session_id, company_id }, iat) =>
      iat <= issued_after || sessions.has(session_id) || (company_id !== undefined && companies.has(company_id)),
    close: () => {
      closed.abort();
      clearTimeout(timer);
    },
  };
}
