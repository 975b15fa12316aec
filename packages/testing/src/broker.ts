import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { inject } from 'vitest';
import { brokerFile, startRabbitmq, type Rabbitmq, type Shared } from './rabbitmq.ts';

/** A name that belongs to one test alone: what is made at the broker begins with it. */
export const testExchange = (): string => `test-${randomBytes(6).toString('hex')}`;

/**
 * The RabbitMQ of this run: that of `RABBITMQ_URL`, else one that is started once, by whoever needs it first, and ended with the run.
 * @returns its address
 */
export async function sharedBroker(): Promise<string> {
  const given = process.env['RABBITMQ_URL'];
  if (given) return given;
  const file = join(inject('folder'), brokerFile);
  const server = new pg.Client({ connectionString: inject('postgres') });
  await server.connect();
  try {
    await server.query(`select pg_advisory_lock(hashtext('test broker'))`); // one of the workers starts it
    if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as Shared).url;
    const { url, ending } = await startRabbitmq(join(inject('folder'), 'rabbitmq'), inject('pid'));
    writeFileSync(file, JSON.stringify({ url, ending: ending() } satisfies Shared));
    return url;
  } finally {
    await server.end();
  }
}

/** One that belongs to the caller alone, to be stopped, killed and misused, whatever `RABBITMQ_URL` says. */
export async function dedicatedBroker(): Promise<Rabbitmq & { close: () => Promise<void> }> {
  const folder = mkdtempSync(join(inject('folder'), 'rabbitmq-'));
  const own = await startRabbitmq(folder, process.pid);
  return {
    ...own,
    close: async () => {
      await own.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
