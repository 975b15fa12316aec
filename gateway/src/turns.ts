/** Ends a turn, or gives up waiting for one. May be called repeatedly. */
export type EndTurn = () => void;

type Queue = { running: number; waiting: Set<() => void> };
/** The last company that used a service, and when another one did before it. */
type Usage = { company: string; changedAt: number };

/**
 * Lets companies that share a service take turns, so that the excess of one waits here and delays no other. A company that has
 * had a service for itself does not wait.
 * @param options.max how much work of one company runs at once at one service
 * @param options.maxWait milliseconds after which waiting work starts in any case, so that slow work does not block the rest
 * @param options.sharedFor milliseconds for which a service counts as shared after another company used it
 * @returns a function that calls `start` now, or when it is its turn
 */
export function createTurns(options: {
  max: number;
  maxWait: number;
  sharedFor: number;
}): (service: string, company: string, start: () => void) => EndTurn {
  const { max, maxWait, sharedFor } = options;
  const queues = new Map<string, Queue>();
  const usages = new Map<string, Usage>();

  const isShared = (service: string, company: string): boolean => {
    const now = performance.now();
    const usage = usages.get(service) ?? { company, changedAt: -Infinity };
    if (usage.company !== company) usage.changedAt = now;
    usage.company = company;
    usages.set(service, usage);
    return now - usage.changedAt < sharedFor;
  };

  return (service, company, start) => {
    const key = `${service} ${company}`;
    const queue = queues.get(key) ?? { running: 0, waiting: new Set() };
    queues.set(key, queue);
    let timer: NodeJS.Timeout | undefined;
    let phase: 'waiting' | 'running' | 'ended' = 'waiting';

    const run = () => {
      clearTimeout(timer);
      queue.waiting.delete(run);
      phase = 'running';
      queue.running += 1;
      start();
    };
    const end = () => {
      if (phase === 'ended') return;
      if (phase === 'running') queue.running -= 1;
      clearTimeout(timer);
      queue.waiting.delete(run);
      phase = 'ended';
      const [next] = queue.waiting;
      if (next && queue.running < max) next();
      else if (queue.running === 0 && queue.waiting.size === 0) queues.delete(key);
    };

    if (!isShared(service, company) || queue.running < max) run();
    else {
      queue.waiting.add(run);
      timer = setTimeout(run, maxWait);
    }
    return end;
  };
}
