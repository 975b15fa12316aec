import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import { withLock } from './lock.ts';
import { brokerFile, startRabbitmq, type Rabbitmq, type RabbitmqOptions, type SharedBroker } from './rabbitmq.ts';

/** A unique exchange name for one test, and prefix of its queues. */
export const testExchange = (): string => `test-${randomBytes(6).toString('hex')}`;

/**
 * Returns the RabbitMQ of this run: the one in `RABBITMQ_URL`, else one that the first call starts and the end of the run stops.
 * @returns its URL
 */
export async function sharedBroker(): Promise<string> {
  const configuredUrl = process.env['RABBITMQ_URL'];
  if (configuredUrl) return configuredUrl;
  const file = join(inject('folder'), brokerFile);
  return withLock(brokerFile, async () => {
    if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as SharedBroker).url;
    const { url, stopCommand } = await startRabbitmq(join(inject('folder'), 'rabbitmq'), inject('pid'));
    writeFileSync(file, JSON.stringify({ url, stopCommand: stopCommand() } satisfies SharedBroker));
    return url;
  });
}

/** Starts a RabbitMQ for one test, which may stop and kill it. Ignores `RABBITMQ_URL`. */
export async function dedicatedBroker(
  options: RabbitmqOptions = {},
): Promise<Rabbitmq & { close: () => Promise<void> }> {
  const folder = mkdtempSync(join(inject('folder'), 'rabbitmq-'));
  const broker = await startRabbitmq(folder, process.pid, options);
  return {
    ...broker,
    close: async () => {
      await broker.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
