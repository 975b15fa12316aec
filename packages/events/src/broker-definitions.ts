import { createHash } from 'node:crypto';
import { events, services, type Service } from '@clientela/contracts';
import { deadQueueOf, directExchangeOf, queueBindings, queueOf, topologyOf } from './amqp-topology.ts';

const vhost = '/';
const nothing = '^$';

/**
 * Builds definitions for RabbitMQ (`load_definitions`): a user for each service, who publishes events of its own names and reads its own
 * queues, and the topology. The users may declare nothing: whoever declares a queue could dead-letter into any routing key.
 * @param passwords of the users, who are named after their services
 */
export function brokerDefinitions(exchange: string, passwords: Readonly<Record<Service, string>>): object {
  const { exchanges, queues, bindings } = topologyOf(exchange);
  const subscribers = new Set(queueBindings().map(({ service }) => service));
  const written = [exchange, directExchangeOf(exchange)];
  return {
    vhosts: [{ name: vhost }],
    users: services.map((service) => ({
      name: service,
      password_hash: hashPassword(passwords[service]),
      hashing_algorithm: 'rabbit_password_hashing_sha256',
      tags: '',
    })),
    permissions: services.map((user) => ({
      user,
      vhost,
      configure: nothing,
      write: anyOf(written),
      read: subscribers.has(user) ? anyOf([queueOf(exchange, user), deadQueueOf(exchange, user)]) : nothing,
    })),
    topic_permissions: services.flatMap((user) =>
      written.map((name) => ({
        user,
        vhost,
        exchange: name,
        write: anyOf(
          events[user].map((event) => event.name),
          name === exchange ? '' : `\\.(?:${services.join('|')})`,
        ),
        read: nothing,
      })),
    ),
    exchanges: exchanges.map(({ name, type }) => ({
      name,
      vhost,
      type,
      durable: true,
      auto_delete: false,
      arguments: {},
    })),
    queues: queues.map(({ name, arguments: options }) => ({
      name,
      vhost,
      durable: true,
      auto_delete: false,
      arguments: options,
    })),
    bindings: bindings.map(({ source, queue, routing_key }) => ({
      source,
      vhost,
      destination: queue,
      destination_type: 'queue',
      routing_key,
      arguments: {},
    })),
  };
}

/** A regular expression that matches each of the texts, followed by `suffix`. */
const anyOf = (texts: readonly string[], suffix = ''): string =>
  `^(?:${texts.map((text) => text.replaceAll('.', '\\.')).join('|')})${suffix}$`;

/** RabbitMQ's salted SHA-256. The salt follows from the password, so that the definitions stay the same. */
function hashPassword(password: string): string {
  const salt = createHash('sha256').update(`salt ${password}`).digest().subarray(0, 4);
  const hash = createHash('sha256').update(salt).update(password).digest();
  return Buffer.concat([salt, hash]).toString('base64');
}
