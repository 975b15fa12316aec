import { setTimeout as sleep } from 'node:timers/promises';

const timeoutMs = 60_000; // from the start of the processes until all are ready

/**
 * Waits until the gateway reports that every service is ready.
 * @param urls URL of each service, to name those that are not ready at the timeout
 * @param signal aborts the wait
 * @throws Error naming the processes that are not ready
 */
export async function waitUntilReady(
  gatewayUrl: string,
  urls: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await isOk(`${gatewayUrl}/ready?all=1`))) {
    signal.throwIfAborted();
    if (Date.now() > deadline) {
      const checks = Object.entries({ ...urls, gateway: gatewayUrl }).map(async ([name, url]) =>
        (await isOk(`${url}/ready`)) ? [] : [name],
      );
      const names = (await Promise.all(checks)).flat();
      throw new Error(`Not ready after ${timeoutMs / 1000} s: ${names.join(', ') || 'gateway'}.`);
    }
    await sleep(100);
  }
}

async function isOk(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2000), redirect: 'manual' });
    await response.body?.cancel();
    return response.status === 200;
  } catch {
    return false;
  }
}
