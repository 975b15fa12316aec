import { setTimeout as sleep } from 'node:timers/promises';
import { services, type Peer, type Service } from '@clientela/fleet';
import { dedicatedBroker, freePort, testExchange } from '@clientela/testing';
import { connect } from 'amqplib';
import pg from 'pg';
import { testStreet, type TestStreet } from '../testing/test-fleet.ts';
import { faultProxy, type FaultProxy } from './fault-proxy.ts';
import { tell } from './seed.ts';
import { amqp, http } from './protocol.ts';

type Broker = Awaited<ReturnType<typeof dedicatedBroker>>;

/** A street of which everything may be killed, with a stretch of network of our own wherever its programs talk to each other. */
export type ChaosStreet = TestStreet & {
  exchange: string;
  /** Undefined when events go from service to service. */
  broker: Broker | undefined;
  /** Between the services and the broker; without one, nothing passes there. */
  to_broker: FaultProxy;
  /** Before each service: what the gateway and the other services send it. */
  to: Record<Service, FaultProxy>;
  /** `kill -9` of a program, told with what happened before it. */
  kill_hard: (program: Peer, when: string) => void;
  /** Asks a service's database, as its owner. */
  ask: (service: Service, sql: string, values?: unknown[]) => Promise<Record<string, unknown>[]>;
  /** Every line that a program has written. */
  lines: string[];
};

/** @param transport by which events go */
export async function chaosStreet(transport: 'RabbitMQ' | 'HTTP', env: NodeJS.ProcessEnv = {}): Promise<ChaosStreet> {
  const exchange = testExchange();
  const ports = await Promise.all(services.map(() => freePort()));
  const proxies = await Promise.all(ports.map((port) => faultProxy(() => port, http)));
  const of = <V>(value: (at: number) => V) =>
    Object.fromEntries(services.map((service, at) => [service, value(at)])) as Record<Service, V>;
  const to = of((at) => proxies[at] as FaultProxy);
  // The broker, which takes long, comes up beside the street: nobody listens at port 9 until it has.
  let broker: Broker | undefined;
  const to_broker = await faultProxy(() => (broker ? Number(new URL(broker.url).port) : 9), amqp);
  const lines: string[] = [];
  const closeAll = async () => {
    await Promise.all([...proxies, to_broker].map((proxy) => proxy.close()));
    await broker?.close();
  };
  const begun = await Promise.allSettled([
    testStreet(
      {
        ACCESS_TOKEN_EXPIRE_MINUTES: '1440',
        ...Object.fromEntries(services.map((service, at) => [`${service.toUpperCase()}_PORT`, String(ports[at])])),
        ...Object.fromEntries(
          services.map((service) => [`${service.toUpperCase()}_SERVICE_URL`, `http://127.0.0.1:${to[service].port}`]),
        ),
        ...(transport === 'RabbitMQ' && {
          RABBITMQ_URL: `amqp://guest:guest@127.0.0.1:${to_broker.port}`,
          RABBITMQ_EXCHANGE: exchange,
        }),
        ...env,
      },
      (_, line) => lines.push(line),
    ),
    transport === 'RabbitMQ' ? dedicatedBroker().then((one) => (broker = one)) : undefined,
  ]);
  const [started] = begun;
  const failed = begun.find((one) => one.status === 'rejected');
  if (failed || started.status === 'rejected') {
    if (started.status === 'fulfilled') await started.value.end();
    await closeAll();
    throw failed?.reason;
  }
  const street = started.value;
  const ask: ChaosStreet['ask'] = async (service, sql, values = []) => {
    const db = new pg.Client({ connectionString: street.databases[service].owner_url, connectionTimeoutMillis: 5000 });
    db.on('error', () => {});
    await db.connect();
    try {
      return (await db.query(sql, values)).rows as Record<string, unknown>[];
    } finally {
      await db.end();
    }
  };
  if (broker) await queuesSettled(broker, exchange);
  return {
    ...street,
    exchange,
    broker,
    to_broker,
    to,
    ask,
    lines,
    kill_hard: (program, when) => {
      tell(`kill -9 ${program}: ${when}`);
      street.kill(program, 'SIGKILL');
    },
    end: async () => {
      await street.end();
      await closeAll();
    },
  };
}

/** RabbitMQ that is killed right after a queue was made can lose the queue: that is its fault and not what is looked for here. */
async function queuesSettled(broker: Broker, exchange: string): Promise<void> {
  const model = await connect(broker.url);
  const consumers = async (queue: string): Promise<number> => {
    const channel = await model.createChannel();
    channel.on('error', () => {}); // there is no such queue yet, which ends the channel
    return channel.checkQueue(queue).then(
      async ({ consumerCount }) => channel.close().then(() => consumerCount),
      () => 0,
    );
  };
  for (const service of services.filter((service) => service !== 'product'))
    while ((await consumers(`${exchange}.${service}`)) === 0) await sleep(100);
  await model.close();
  await broker.settled();
}
