import { setTimeout as sleep } from 'node:timers/promises';

const patience = 60_000; // milliseconds from the start of the programs until all must be ready

/**
 * Waits until the gateway says that everything is ready.
 * @param urls of each service, to name the ones that are not when time is up
 * @param signal ends the waiting
 * @throws Error naming who is not ready
 */
export async function allReady(
  gateway: string,
  urls: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const until = Date.now() + patience;
  while (!(await answersOk(`${gateway}/ready?all=1`))) {
    signal.throwIfAborted();
    if (Date.now() > until) {
      const asked = Object.entries({ ...urls, gateway }).map(async ([name, url]) =>
        (await answersOk(`${url}/ready`)) ? [] : [name],
      );
      const names = (await Promise.all(asked)).flat();
      throw new Error(`Not ready after ${patience / 1000} s: ${names.join(', ') || 'the gateway'}.`);
    }
    await sleep(100);
  }
}

async function answersOk(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2000), redirect: 'manual' });
    await answer.body?.cancel();
    return answer.status === 200;
  } catch {
    return false;
  }
}
