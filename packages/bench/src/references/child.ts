import { fork } from 'node:child_process';
import { once } from 'node:events';

/** A reference in a process of its own, which ends with this one. */
export type Reference<Ready> = {
  pid: number;
  /** What it reported when it was ready. */
  ready: Ready;
  /** Sends it an order and waits for the result. */
  ask: <Result>(order: object) => Promise<Result>;
  stop: () => void;
};

/** Runs a file as a reference. Its environment holds nothing else than `settings`. */
export async function startChild<Ready>(file: string, settings: Record<string, string>): Promise<Reference<Ready>> {
  const child = fork(file, ['serve'], {
    env: { ...settings, NODE_ENV: 'production' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  const ended = once(child, 'exit').then(() => {
    throw new Error(`The reference ${file} ended.`);
  });
  ended.catch(() => {}); // handled by the next wait, if any
  const next = () => Promise.race([once(child, 'message'), ended]);
  const [ready] = (await next()) as [Ready];
  return {
    pid: child.pid as number,
    ready,
    ask: async <Result>(order: object) => {
      const result = next();
      child.send(order);
      return ((await result) as [Result])[0];
    },
    stop: () => child.disconnect(),
  };
}

/** Whether a file runs as a reference. */
export const isChild = (url: string): boolean => process.argv[2] === 'serve' && `file://${process.argv[1]}` === url;

/** Lets a reference end with its parent, and not by Ctrl-C, which reaches every process. */
export function endWithParent(): void {
  process.once('disconnect', () => process.exit());
  process.on('SIGINT', () => {});
}
