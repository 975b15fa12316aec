import { fileURLToPath } from 'node:url';
import { hash, verify } from '@node-rs/argon2';
import { endWithParent, isChild, startChild, type Reference } from './child.ts';

/** Starts a process that only verifies passwords, with the parameters of the auth service. */
export const startBareArgon2 = (): Promise<Reference<object>> => startChild(fileURLToPath(import.meta.url), {});

const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const atOnce = 2;

if (isChild(import.meta.url)) {
  const password = 'a password for the bench';
  const stored = await hash(password, cost);
  process.on('message', ({ seconds }: { seconds: number }) => {
    const startedAt = performance.now();
    const elapsed = () => (performance.now() - startedAt) / 1000;
    let requests = 0;
    const repeat = async () => {
      while (elapsed() < seconds) {
        if (!(await verify(stored, password))) throw new Error('a wrong result');
        requests += 1;
      }
    };
    void Promise.all(Array.from({ length: atOnce }, repeat)).then(() =>
      process.send?.({ requests, seconds: elapsed() }),
    );
  });
  endWithParent();
  process.send?.({});
}
