import { setTimeout as sleep } from 'node:timers/promises';
import { services, type ErasureReceipt, type Service } from '@clientela/contracts';
import { withLeaderLock, asUnavailable } from '@clientela/db';
import { AppError } from '@clientela/errors';
import type { Log } from '@clientela/runtime';
import { deleteExpiredFingerprints } from '../tombstones/store.ts';
import { eraseLocally, type ErasureDeps } from './local-erasure.ts';
import { requestErasure, requestSignature, type PeerClients } from './remote-services.ts';
import {
  finishRequest,
  hasOpenRequests,
  listDueSteps,
  listConfirmed,
  listReports,
  postponeReceipt,
  postponeStep,
  completeStep,
  type ConfirmedRequest,
  type Step,
} from './store.ts';

const poll = 1000; // milliseconds between two looks for what another replica's door took, and what was postponed
const batch = 20;
const atOnce = 3; // of each service
const aDay = 86_400_000; // milliseconds between two looks for fingerprints that have expired
const expiredAtOnce = 1000;

/** How long something is left alone that failed so often: ever longer up to a limit, and not everything at the same moment. */
const backOff = (times: number, most: number): number =>
  Math.min(most, 100 * 2 ** Math.min(times, 20)) * (0.5 + Math.random() / 2);
const away = 2000; // milliseconds at most, for whom nobody can reach
const refused = 10_000; // for what is answered, but not as it should

export type ErasureWorker = {
  /** Told when there is something to do. */
  wake: () => void;
  stop: () => Promise<void>;
};

/**
 * Carries out what was asked to be erased, however often it is cut off: this service's part first, then the others' beside each other, at
 * last the receipt. One process does it, however many replicas; what a service has reported is kept.
 * @param options.url this service's database, for the lock that decides which replica does it
 */
export function startErasureWorker(
  options: ErasureDeps & { url: string; peers: PeerClients; log: Log },
): ErasureWorker {
  const { db, url, peers: others, log } = options;
  const stopping = new AbortController();
  let woken = Promise.withResolvers<void>();
  const wake = () => {
    woken.resolve();
    woken = Promise.withResolvers<void>();
  };

  const running = withLeaderLock(url, 'customer erasures', stopping.signal, async (signal) => {
    const works = services.map((service) => loop(service, () => eraseSome(service, signal), signal));
    await Promise.all([...works, loop('receipts', () => signSome(signal), signal), forget(signal), watch(signal)]);
  });

  /** @param work does what is due, and says how much that was; throws when whom it needs is away */
  async function loop(name: string, work: () => Promise<number>, signal: AbortSignal): Promise<void> {
    let failed = 0;
    while (!signal.aborted) {
      const waiting = woken.promise; // taken before the look, so that a wake during it is not missed
      try {
        const found = await work();
        failed = 0;
        if (found === 0) await waiting;
      } catch (error) {
        failed += 1;
        if (failed === 1 && !signal.aborted) log.warn({ waits_for: name, err: error }, 'erasures wait');
        await sleep(backOff(failed, away), undefined, { signal }).catch(() => {});
      }
    }
  }

  /** One look for all loops, while there is nothing to do. */
  async function watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (await hasOpenRequests(db).catch(() => false)) wake();
      await sleep(poll, undefined, { signal }).catch(() => {});
    }
    wake();
  }

  const partOf = (step: Step, signal: AbortSignal) =>
    step.service === 'customer'
      ? eraseLocally(options, step, signal)
      : requestErasure(others[step.service], step, signal);

  const eraseSome = (service: Service, signal: AbortSignal): Promise<number> =>
    each(
      () => listDueSteps(db, service, batch),
      async (step) => {
        const report = await partOf(step, signal);
        if (report) await db.transaction((tx) => completeStep(tx, step, report));
        else await postponeStep(db, step, backOff(step.attempts, refused));
        wake();
      },
      (step, wait) => postponeStep(db, step, wait),
    );

  const signSome = (signal: AbortSignal): Promise<number> =>
    each(
      () => listConfirmed(db, batch),
      async (finished) => {
        const receipt = await receiptOf(finished);
        await finishRequest(db, receipt, await requestSignature(others.auth, receipt, signal));
        log.info({ erasure_id: receipt.request_id, company_id: receipt.company_id }, 'an erasure is done');
        wake(); // it may be a part of another
      },
      (finished, wait) => postponeReceipt(db, finished, wait),
    );

  async function receiptOf({
    id,
    company_id,
    customer_id,
    user_id,
    requested_at,
  }: ConfirmedRequest): Promise<ErasureReceipt> {
    return {
      request_id: id,
      company_id,
      customer_id,
      user_id,
      requested_at,
      done_at: new Date().toISOString(),
      services: await listReports(db, company_id, id),
    };
  }

  /**
   * Does what is due, a few at a time. One that fails is tried again later than the others.
   * @throws the last "not now", after which the rest is left for later
   */
  async function each<Item extends { attempts: number }>(
    due: () => PromiseLike<Item[]>,
    work: (item: Item) => Promise<void>,
    postpone: (item: Item, wait: number) => PromiseLike<unknown>,
  ): Promise<number> {
    const items = await due();
    const queue = [...items];
    const gone: unknown[] = [];
    const worker = async () => {
      for (let item = queue.shift(); item; item = queue.shift()) {
        try {
          await work(item);
        } catch (error) {
          const notNow = asUnavailable(error) ?? (error instanceof AppError && error.kind === 'unavailable');
          if (notNow) {
            queue.length = 0;
            gone.push(error);
          } else log.warn({ err: error }, 'a part of an erasure failed and is tried again');
          await postpone(item, backOff(item.attempts, notNow ? away : refused));
        }
      }
    };
    const ended = await Promise.allSettled(Array.from({ length: Math.min(atOnce, items.length) }, worker));
    gone.push(...ended.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : [])));
    if (gone.length > 0) throw gone.at(-1);
    return items.length;
  }

  async function forget(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const removed = await deleteExpiredFingerprints(db, expiredAtOnce).then(
        (count) => count,
        () => 0, // another day
      );
      if (removed < expiredAtOnce) await sleep(aDay, undefined, { signal }).catch(() => {});
    }
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
