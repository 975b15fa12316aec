import { setTimeout as sleep } from 'node:timers/promises';
import { services, type ErasureReceipt, type Service } from '@clientela/contracts';
import { withLeaderLock, asUnavailable } from '@clientela/db';
import { AppError } from '@clientela/errors';
import { backoff, startPeriodicWorker, type Log } from '@clientela/runtime';
import { deleteExpiredFingerprints } from '../tombstones/store.ts';
import { eraseLocally, type ErasureDeps } from './local-erasure.ts';
import { requestErasure, requestSignature, type PeerClients } from './remote-services.ts';
import {
  completeStep,
  finishRequest,
  hasOpenRequests,
  listConfirmed,
  listDueSteps,
  listReports,
  postponeReceipt,
  postponeStep,
  type ConfirmedRequest,
  type Step,
} from './store.ts';

const BATCH = 20;
const CONCURRENCY = 3; // of each service
const PURGE_MS = 86_400_000;
const PURGE_BATCH = 1000;

/** Waits in milliseconds, which tests shorten. */
const defaultWaits = {
  poll: 1000, // how soon requests of other replicas and postponed steps are found
  unavailable: 2000, // at most, before the next attempt
  failure: 10_000, // at most, after an unexpected response
};

export type ErasureWorker = {
  /** Looks for due work at once. */
  wake: () => void;
  stop: () => Promise<void>;
};

/**
 * Carries out erasure requests: this service's step first, then the other services' concurrently, then the receipt. Progress is stored,
 * so a restart resumes. Of several replicas one works, elected by a lock.
 * @param options.url this service's database, for the leader lock
 */
export function startErasureWorker(
  options: ErasureDeps & { url: string; peers: PeerClients; log: Log; waits?: typeof defaultWaits },
): ErasureWorker {
  const { db, url, peers, log, waits = defaultWaits } = options;
  const whileUnavailable = { maxMs: waits.unavailable };
  const afterFailure = { maxMs: waits.failure };
  const stopping = new AbortController();
  let nextWake = Promise.withResolvers<void>();
  const wake = () => {
    nextWake.resolve();
    nextWake = Promise.withResolvers<void>();
  };

  const running = withLeaderLock(url, 'customer erasures', stopping.signal, async (signal) => {
    signal.addEventListener('abort', wake, { once: true });
    const pollOpenRequests = async () => void ((await hasOpenRequests(db)) && wake());
    const purge = async () => (await deleteExpiredFingerprints(db, PURGE_BATCH)) === PURGE_BATCH;
    const periodic = [
      startPeriodicWorker({ intervalMs: waits.poll, run: pollOpenRequests, signal }), // one query for all loops
      startPeriodicWorker({ intervalMs: PURGE_MS, run: purge, signal }),
    ];
    const steps = services.map((service) => loop(service, () => runDueSteps(service, signal), signal));
    await Promise.all([...steps, loop('receipts', () => signReceipts(signal), signal)]);
    await Promise.all(periodic.map((worker) => worker.stop()));
  });

  /** @param runDue processes due work and returns its amount; throws when a dependency is unavailable */
  async function loop(name: string, runDue: () => Promise<number>, signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const woken = nextWake.promise; // read before the query, so that no wake is missed
      try {
        const count = await runDue();
        failures = 0;
        if (count === 0) await woken;
      } catch (error) {
        failures += 1;
        if (failures === 1 && !signal.aborted) log.warn({ waits_for: name, err: error }, 'erasures delayed, retrying');
        await sleep(backoff(failures, whileUnavailable), undefined, { signal }).catch(() => {});
      }
    }
  }

  const runStep = (step: Step, signal: AbortSignal) =>
    step.service === 'customer'
      ? eraseLocally(options, step, signal)
      : requestErasure(peers[step.service], step, signal);

  const runDueSteps = (service: Service, signal: AbortSignal): Promise<number> =>
    processDue(
      () => listDueSteps(db, service, BATCH),
      async (step) => {
        const report = await runStep(step, signal);
        if (report) await db.transaction((tx) => completeStep(tx, step, report));
        else await postponeStep(db, step, backoff(step.attempts, afterFailure));
        wake();
      },
      (step, delayMs) => postponeStep(db, step, delayMs),
    );

  const signReceipts = (signal: AbortSignal): Promise<number> =>
    processDue(
      () => listConfirmed(db, BATCH),
      async (request) => {
        const receipt = await createReceipt(request);
        await finishRequest(db, receipt, await requestSignature(peers.auth, receipt, signal));
        log.info({ erasure_id: receipt.request_id, company_id: receipt.company_id }, 'erasure finished');
        wake(); // another request may wait for this part of it
      },
      (request, delayMs) => postponeReceipt(db, request, delayMs),
    );

  async function createReceipt(request: ConfirmedRequest): Promise<ErasureReceipt> {
    const { id, company_id, customer_id, user_id, requested_at } = request;
    return {
      request_id: id,
      business_id: company_id,
      company_id,
      customer_id,
      user_id,
      requested_at,
      done_at: new Date().toISOString(),
      services: await listReports(db, company_id, id),
    };
  }

  /**
   * Processes due items, a few concurrently. Postpones an item that fails.
   * @throws the last "unavailable", which also leaves the remaining items for later
   */
  async function processDue<Item extends { attempts: number }>(
    listDue: () => PromiseLike<Item[]>,
    process: (item: Item) => Promise<void>,
    postpone: (item: Item, delayMs: number) => PromiseLike<unknown>,
  ): Promise<number> {
    const items = await listDue();
    const queue = [...items];
    const errors: unknown[] = [];
    const consume = async () => {
      for (let item = queue.shift(); item; item = queue.shift()) {
        try {
          await process(item);
        } catch (error) {
          const isUnavailable = asUnavailable(error) ?? (error instanceof AppError && error.kind === 'unavailable');
          if (isUnavailable) {
            queue.length = 0;
            errors.push(error);
          } else log.warn({ err: error }, 'erasure step failed, retrying');
          await postpone(item, backoff(item.attempts, isUnavailable ? whileUnavailable : afterFailure));
        }
      }
    };
    const results = await Promise.allSettled(Array.from({ length: Math.min(CONCURRENCY, items.length) }, consume));
    errors.push(...results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : [])));
    if (errors.length > 0) throw errors.at(-1);
    return items.length;
  }

  return {
    wake,
    stop: async () => {
      stopping.abort();
      wake();
      await running;
    },
  };
}
