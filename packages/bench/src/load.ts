import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';

/** The request that is repeated. */
export type Target = { url: string; headers: Record<string, string> };
/** Duration or number of requests. */
export type Amount = { seconds: number } | { requests: number };
export type Load = {
  run(target: Target, amount: Amount): Promise<{ requests: number; seconds: number }>;
  stop(): void;
};

export const connections = 16;

type Order = Target & { amount: Amount };
type Outcome = { requests: number; seconds: number; failures: number };

/** Starts a load generator in its own process, so that its CPU time is not counted. */
export async function startLoad(): Promise<Load> {
  const generator = fork(fileURLToPath(import.meta.url), ['generate'], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = once(generator, 'exit').then(() => {
    throw new Error('The load generator ended.');
  });
  ended.catch(() => {}); // handled by the next run, if any
  const nextMessage = () => Promise.race([once(generator, 'message'), ended]);
  await nextMessage();
  return {
    run: async (target, amount) => {
      const response = nextMessage();
      generator.send({ ...target, amount } satisfies Order);
      const [{ failures, ...outcome }] = (await response) as [Outcome];
      // Fails, because the time of error responses would distort the rate.
      if (failures > 0) throw new Error(`${failures} of ${outcome.requests} requests to ${target.url} failed.`);
      return outcome;
    },
    stop: () => generator.disconnect(),
  };
}

async function generate({ url, headers, amount }: Order): Promise<Outcome> {
  const length = 'seconds' in amount ? { duration: amount.seconds } : { amount: amount.requests };
  const result = await autocannon({ url, headers, connections, timeout: 10, ...length });
  return {
    requests: result['2xx'],
    seconds: result.duration,
    failures: result.non2xx + result.errors + result.timeouts,
  };
}

if (process.argv[2] === 'generate') {
  process.on('message', (order: Order) => void generate(order).then((outcome) => process.send?.(outcome)));
  process.once('disconnect', () => process.exit());
  process.on('SIGINT', () => {}); // Ctrl-C reaches every process; this one ends with its parent
  process.send?.('ready');
}
