import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Service } from '@clientela/contracts';
import { dedicatedBroker } from '@clientela/testing';
import { connect, type ChannelModel, type ConfirmChannel } from 'amqplib';
import { expect } from 'vitest';
import { parse } from 'yaml';
import { setUp } from '../commands/setup.ts';
import { repoRoot } from '../launcher/services.ts';

export const exchange = 'bee.customers.events';

/** Starts RabbitMQ with the files that setup creates, found as docker-compose.yml says. */
export async function startComposeBroker() {
  const folder = mkdtempSync(join(tmpdir(), 'compose-'));
  const mounted = join(folder, 'rabbitmq');
  setUp(folder, 'postgres:5432', { address: 'rabbitmq:5672', exchange, folder: mounted });
  const compose = parse(readFileSync(join(repoRoot, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
    services: { rabbitmq: { environment: { RABBITMQ_CONFIG_FILES: string } } };
  };
  const pattern = compose.services.rabbitmq.environment.RABBITMQ_CONFIG_FILES;
  const node = await dedicatedBroker({ configFiles: pattern.replace('/secrets', mounted) });
  const connections: ChannelModel[] = [];
  return {
    ...node,
    /** Connects with the URL that the service receives. */
    connectAs: async (service: Service): Promise<ChannelModel> => {
      const url = new URL(readFileSync(join(folder, service, 'rabbitmq_url'), 'utf8').trim());
      url.host = new URL(node.url).host;
      const connection = await connect(url.href);
      connections.push(connection);
      return connection;
    },
    close: async () => {
      await Promise.all(connections.map((connection) => connection.close().catch(() => {})));
      await node.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Tries something on a channel of its own. @returns whether the broker refused the access */
export async function isRefused(
  connection: ChannelModel,
  work: (channel: ConfirmChannel) => Promise<unknown>,
): Promise<boolean> {
  const channel = await connection.createConfirmChannel();
  const closed = new Promise<Error>((resolve) => channel.once('error', resolve));
  const failure = await Promise.race([
    closed,
    work(channel).then(
      () => undefined,
      (error: Error) => (/channel closed/i.test(error.message) ? closed : error),
    ),
  ]);
  if (failure === undefined) await channel.close();
  else expect(failure.message).toContain('ACCESS_REFUSED');
  return failure !== undefined;
}

/** Publishes a message and waits for its confirm. */
export const publishTo = (to: string, routingKey: string) => async (channel: ConfirmChannel) => {
  channel.publish(to, routingKey, Buffer.from('{}'));
  await channel.waitForConfirms();
};
