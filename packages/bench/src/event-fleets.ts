import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { repoRoot } from '@clientela/fleet';
import { highLimits, startBenchFleet } from './bench-fleet.ts';
import type { EventFleet } from './events.ts';
import { commitOf } from './versions.ts';

type Broker = { url: string; start: () => Promise<void>; stop: () => Promise<void> };
type StartBroker = (folder: string, watchedPid: number) => Promise<Broker>;

/** Starts RabbitMQ as the tests do, unless `RABBITMQ_URL` names one. Loaded by path, because no package depends on the tests. */
async function startBroker(): Promise<Broker> {
  const url = process.env['RABBITMQ_URL'];
  if (url !== undefined) return { url, start: async () => {}, stop: async () => {} };
  const file = pathToFileURL(join(repoRoot, 'packages/testing/src/rabbitmq.ts')).href;
  const { startRabbitmq } = (await import(file)) as { startRabbitmq: StartBroker };
  const folder = mkdtempSync(join(tmpdir(), 'bench-rabbitmq-'));
  const broker = await startRabbitmq(folder, process.pid);
  const stop = async () => {
    await broker.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { ...broker, stop };
}

/**
 * Starts a fleet for each transport.
 * @param beside another checkout, which gets two fleets too
 */
export async function startEventFleets(
  signal: AbortSignal,
  beside: string | undefined,
): Promise<{ all: EventFleet[]; end: () => Promise<void> }> {
  const hooks: (() => Promise<void>)[] = [];
  const end = async () => {
    for (const hook of hooks.toReversed()) await hook();
  };
  const all: EventFleet[] = [];
  try {
    const broker = await startBroker();
    hooks.push(broker.stop);
    for (const checkout of beside ? [repoRoot, beside] : [repoRoot]) {
      for (const transport of ['http', 'amqp'] as const) {
        const exchange = checkout === repoRoot ? 'bench' : 'beside';
        const settings = transport === 'amqp' ? { RABBITMQ_URL: broker.url, RABBITMQ_EXCHANGE: exchange } : {};
        const benchFleet = await startBenchFleet(signal, undefined, {
          env: { ...highLimits, ...settings },
          repoRoot: checkout,
        });
        hooks.push(benchFleet.end);
        const over = transport === 'amqp' ? 'over RabbitMQ' : 'over HTTP';
        all.push({
          name: checkout === repoRoot ? over : `${commitOf(checkout) ?? 'the other checkout'}, ${over}`,
          transport,
          benchFleet,
        });
      }
    }
    return { all, end };
  } catch (error) {
    await end();
    throw error;
  }
}
