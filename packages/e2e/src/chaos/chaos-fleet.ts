import { setTimeout as sleep } from 'node:timers/promises';
import { services, type Peer, type Service } from '@clientela/fleet';
import { dedicatedBroker, freePort, testExchange } from '@clientela/testing';
import { connect } from 'amqplib';
import { queryOf, type Query } from '../testing/query.ts';
import { startTestFleet, type TestFleet } from '../testing/test-fleet.ts';
import { faultProxy, type FaultProxy } from './fault-proxy.ts';
import { log } from './seed.ts';
import { amqp, http } from './protocol.ts';

type Broker = Awaited<ReturnType<typeof dedicatedBroker>>;

/** A fleet whose processes a test may kill, with a fault proxy before each service and the broker. */
export type ChaosFleet = TestFleet & {
  exchange: string;
  /** Undefined with the HTTP transport. */
  broker: Broker | undefined;
  /** Between the services and the broker. */
  brokerProxy: FaultProxy;
  /** Before each service, for requests from the gateway and the other services. */
  serviceProxies: Record<Service, FaultProxy>;
  /** Sends SIGKILL and logs the reason. */
  killHard: (peer: Peer, when: string) => void;
  /** Queries a service's database as its owner. */
  query: Query;
  /** Output lines of all processes. */
  lines: string[];
};

/** @param transport of the events */
export async function startChaosFleet(
  transport: 'RabbitMQ' | 'HTTP',
  env: NodeJS.ProcessEnv = {},
): Promise<ChaosFleet> {
  const exchange = testExchange();
  const ports = await Promise.all(services.map(() => freePort()));
  const proxies = await Promise.all(ports.map((port) => faultProxy(() => port, http)));
  const byService = <V>(value: (index: number) => V) =>
    Object.fromEntries(services.map((service, index) => [service, value(index)])) as Record<Service, V>;
  const serviceProxies = byService((index) => proxies[index] as FaultProxy);
  // The broker starts in parallel, because it takes long. Until then connections go to port 9, where nothing listens.
  let broker: Broker | undefined;
  const brokerProxy = await faultProxy(() => (broker ? Number(new URL(broker.url).port) : 9), amqp);
  const lines: string[] = [];
  const closeAll = async () => {
    await Promise.all([...proxies, brokerProxy].map((proxy) => proxy.close()));
    await broker?.close();
  };
  const starts = await Promise.allSettled([
    startTestFleet(
      {
        ACCESS_TOKEN_EXPIRE_MINUTES: '1440',
        ...Object.fromEntries(
          services.map((service, index) => [`${service.toUpperCase()}_PORT`, String(ports[index])]),
        ),
        ...Object.fromEntries(
          services.map((service) => [
            `${service.toUpperCase()}_SERVICE_URL`,
            `http://127.0.0.1:${serviceProxies[service].port}`,
          ]),
        ),
        ...(transport === 'RabbitMQ' && {
          RABBITMQ_URL: `amqp://guest:guest@127.0.0.1:${brokerProxy.port}`,
          RABBITMQ_EXCHANGE: exchange,
        }),
        ...env,
      },
      (_, line) => lines.push(line),
    ),
    transport === 'RabbitMQ' ? dedicatedBroker().then((one) => (broker = one)) : undefined,
  ]);
  const [started] = starts;
  const failed = starts.find((one) => one.status === 'rejected');
  if (failed || started.status === 'rejected') {
    if (started.status === 'fulfilled') await started.value.end();
    await closeAll();
    throw failed?.reason;
  }
  const fleet = started.value;
  const query = queryOf(fleet);
  if (broker) await queuesSettled(broker, exchange);
  return {
    ...fleet,
    exchange,
    broker,
    brokerProxy,
    serviceProxies,
    query,
    lines,
    killHard: (peer, when) => {
      log(`kill -9 ${peer}: ${when}`);
      fleet.kill(peer, 'SIGKILL');
    },
    end: async () => {
      await fleet.end();
      await closeAll();
    },
  };
}

/** Waits until RabbitMQ has stored the queues: killed right after a declaration, it may lose a queue, which is not under test here. */
async function queuesSettled(broker: Broker, exchange: string): Promise<void> {
  const model = await connect(broker.url);
  const consumers = async (queue: string): Promise<number> => {
    const channel = await model.createChannel();
    channel.on('error', () => {}); // the channel ends because the queue does not exist yet
    return channel.checkQueue(queue).then(
      async ({ consumerCount }) => channel.close().then(() => consumerCount),
      () => 0,
    );
  };
  for (const service of services.filter((service) => service !== 'product'))
    while ((await consumers(`${exchange}.${service}`)) === 0) await sleep(100);
  await model.close();
  await broker.flush();
}
