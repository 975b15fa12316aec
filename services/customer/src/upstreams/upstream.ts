import { setTimeout as pause } from 'node:timers/promises';
import { CustomerAppointments, CustomerComplaints, CustomerOrders } from '@clientela/contracts';
import type { Log } from '@clientela/runtime';
import CircuitBreaker from 'opossum';
import type { z } from 'zod';
import { ask, isAway, type Place, type Question } from './ask.ts';
import { retryBudget, type RetryBudget } from './retry-budget.ts';

/** What an upstream says, and when it was asked; or since when it has said nothing that can be used. */
export type Heard<Answer> = { answer: Answer; at: string } | { silent_since: string };

/** Asks an upstream about one customer. It does not throw: whatever goes wrong is silence. */
export type Upstream<Answer> = (question: Question) => Promise<Heard<Answer>>;

type Patience = {
  log: Log;
  /** Milliseconds that a question may take with all its repetitions, default 2,000. */
  timeout?: number;
  /** Milliseconds after which an open breaker tries again, default 5,000. */
  reset?: number;
};

/** Who knows more of a customer than is counted here. */
export type Upstreams = {
  orders: Upstream<CustomerOrders>;
  complaints: Upstream<CustomerComplaints>;
  appointments: Upstream<CustomerAppointments>;
};

/** @param key this program's service key */
export const upstreamsAt = (urls: Record<keyof Upstreams, string>, key: string, patience: Patience): Upstreams => ({
  orders: upstream({ name: 'orders', url: urls.orders, key, shape: CustomerOrders }, patience),
  complaints: upstream({ name: 'complaints', url: urls.complaints, key, shape: CustomerComplaints }, patience),
  appointments: upstream({ name: 'appointments', url: urls.appointments, key, shape: CustomerAppointments }, patience),
});

const tries = 3;
const longestPause = 100; // milliseconds before the second try, twice as many before the third

/** Made once for each: its breaker, its budget for repetitions and the memory of its silence belong to it alone. */
function upstream<S extends z.ZodType>(place: Place<S>, patience: Patience): Upstream<z.infer<S>> {
  const { log, timeout = 2000, reset = 5000 } = patience;
  const once = (question: Question, signal: AbortSignal) => ask(place, question, signal);
  const breaker = new CircuitBreaker(once, {
    timeout: false, // each question brings its own limit
    volumeThreshold: 10,
    errorThresholdPercentage: 50,
    rollingCountTimeout: 10_000,
    resetTimeout: reset,
    errorFilter: (error: unknown) => !isAway(error),
    rollingPercentilesEnabled: false,
    enableSnapshots: false,
  });
  const budget = retryBudget();
  let silent_since: string | undefined;

  return async (question) => {
    const at = new Date().toISOString();
    // The caller's own signal stays out: a client that leaves must not look like an upstream that is slow.
    const signal = AbortSignal.timeout(timeout);
    try {
      const answer = await repeated(() => breaker.fire(question, signal), budget, signal);
      if (silent_since) log.info({ upstream: place.name }, 'the upstream answers again');
      silent_since = undefined;
      return { answer, at };
    } catch (error) {
      if (!silent_since) log.warn({ upstream: place.name, err: error }, 'the upstream is silent');
      silent_since ??= at;
      return { silent_since };
    }
  };
}

/** Tries again after a random pause when nobody answered, while budget and time last. */
async function repeated<Answer>(
  attempt: () => Promise<Answer>,
  budget: RetryBudget,
  signal: AbortSignal,
): Promise<Answer> {
  budget.earn();
  for (let tried = 1; ; tried += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (tried === tries || signal.aborted || !isAway(error) || !budget.spend()) throw error;
      await pause(Math.random() * longestPause * 2 ** (tried - 1), undefined, { signal });
    }
  }
}
