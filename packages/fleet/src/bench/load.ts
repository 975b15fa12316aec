import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';

/** What is asked for, over and over. */
export type Target = { url: string; headers: Record<string, string> };
/** @param seconds how long, over a fixed number of connections */
export type Load = { run(target: Target, seconds: number): Promise<{ requests: number; seconds: number }>; stop(): void };

export const connections = 16;

type Order = Target & { seconds: number };
type Outcome = { requests: number; seconds: number; failures: number };

/** Makes load in a process of its own, so that none of its work is counted. */
export async function startLoad(): Promise<Load> {
  const generator = fork(fileURLToPath(import.meta.url), ['generate'], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  await once(generator, 'message');
  return {
    run: async (target, seconds) => {
      const answer = once(generator, 'message');
      generator.send({ ...target, seconds } satisfies Order);
      const [{ failures, ...outcome }] = (await answer) as [Outcome];
      // Errors are answered at another speed: a figure with them in it says nothing.
      if (failures > 0) throw new Error(`${failures} of ${outcome.requests} requests to ${target.url} failed.`);
      return outcome;
    },
    stop: () => generator.disconnect(),
  };
}

async function generate({ url, headers, seconds }: Order): Promise<Outcome> {
  const result = await autocannon({ url, headers, connections, duration: seconds, timeout: 10 });
  return { requests: result['2xx'], seconds: result.duration, failures: result.non2xx + result.errors + result.timeouts };
}

if (process.argv[2] === 'generate') {
  process.on('message', (order: Order) => void generate(order).then((outcome) => process.send?.(outcome)));
  process.send?.('ready');
}
