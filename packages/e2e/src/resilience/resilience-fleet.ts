import { mkdtempSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { provision } from '@clientela/db';
import { startPostgres } from '@clientela/embedded-postgres';
import { databaseName, services, type Service } from '@clientela/fleet';
import { freePort, sharedBroker, startRedis, testExchange } from '@clientela/testing';
import pg from 'pg';
import {
  client,
  newCompany,
  removeInstallation,
  startTestFleet,
  type Client,
  type TestFleet,
} from '../testing/test-fleet.ts';
import type { Dependency } from './cells.ts';
import { startFaultProxy, type FaultProxy } from './fault-proxy.ts';

/** A fleet with records, in which a fault proxy stands before everything that a process depends on. */
export type ResilienceFleet = {
  fleet: TestFleet;
  proxies: Record<Dependency, FaultProxy>;
  admin: Client;
  /** The same with more time for a response. */
  patientAdmin: Client;
  /** Signs in the admin again. */
  signIn: () => Promise<Client>;
  superuser: Client;
  customer: { id: string; number: number };
  product: { id: string; number: number };
  /** Counts the deliveries that a service's outbox still holds. */
  pending: (service: Service) => Promise<number>;
  /** The commands that Redis has run so far, as MONITOR shows them. */
  redisCommands: readonly string[];
  end: () => Promise<void>;
};

const portOf = (url: string) => Number(new URL(url).port);
const throughPort = (url: string, port: number) => Object.assign(new URL(url), { port: String(port) }).href;

export async function startResilienceFleet(): Promise<ResilienceFleet> {
  const folder = mkdtempSync(join(tmpdir(), 'clientela-postgres-'));
  const [postgres, redis, brokerUrl, ports] = await Promise.all([
    startPostgres({ folder, fsync: false }),
    startRedis(),
    sharedBroker(),
    Promise.all(services.map(() => freePort())),
  ]);
  const proxies = {} as Record<Dependency, FaultProxy>;
  const env: NodeJS.ProcessEnv = {
    RATE_LIMITS: 'on',
    LOGIN_RATE: '100000/minute',
    CUSTOMER_PATCH_RATE: '100000/minute',
    RATE_LIMIT_IP_PER_MINUTE: '100000',
    RATE_LIMIT_IP_PER_HOUR: '100000',
    RATE_LIMIT_USER_PER_MINUTE: '100000',
    RATE_LIMIT_USER_PER_HOUR: '100000',
    RABBITMQ_EXCHANGE: testExchange(),
  };
  const owners = {} as Record<Service, string>;
  for (const [index, service] of services.entries()) {
    const upper = service.toUpperCase();
    const passwords = { owner: 'of-owner', app: 'of-app' };
    const { url, ownerUrl } = await provision(postgres.adminUrl, databaseName(service), passwords, { ownServer: true });
    owners[service] = ownerUrl;
    proxies[`${service}’s database`] = await startFaultProxy(() => portOf(url));
    proxies[service] = await startFaultProxy(() => ports[index] as number);
    env[`${upper}_DATABASE_URL`] = throughPort(url, proxies[`${service}’s database`].port);
    env[`${upper}_OWNER_DATABASE_URL`] = ownerUrl;
    env[`${upper}_PORT`] = String(ports[index]);
    env[`${upper}_SERVICE_URL`] = `http://127.0.0.1:${proxies[service].port}`;
  }
  proxies.Redis = await startFaultProxy(() => redis.port);
  proxies.RabbitMQ = await startFaultProxy(() => portOf(brokerUrl));
  env['REDIS_URL'] = throughPort(redis.url, proxies.Redis.port);
  env['RABBITMQ_URL'] = throughPort(brokerUrl, proxies.RabbitMQ.port);

  const redisCommands: string[] = [];
  const monitor = connect(redis.port, '127.0.0.1');
  monitor.write('MONITOR\r\n');
  createInterface(monitor).on('line', (line) => redisCommands.push(line));

  const fleet = await startTestFleet(env);
  const admin = await newCompany(fleet.url);
  const signIn = async (email: string, password: string) => {
    const { body } = await client(fleet.url).post('/auth/login', { email, password });
    return client(fleet.url, body.access_token);
  };
  const { email, password } = fleet.superuser as { email: string; password: string };
  const { customer } = (await admin.post('/api/customers', { full_name: 'Ana' })).body;
  const { product } = (await admin.post('/api/products', { name: 'Lamp', price: 1 })).body;
  await admin.post('/rest/v1/favorites', { user_id: customer.number, item_id: product.number });
  return {
    fleet,
    proxies,
    admin,
    patientAdmin: client(fleet.url, admin.token, 40_000),
    signIn: () => signIn(admin.user.email, 'correct horse battery'),
    superuser: await signIn(email, password),
    customer,
    product,
    pending: async (service) => {
      const db = new pg.Client({ connectionString: owners[service] });
      await db.connect();
      try {
        return (await db.query('select 1 from outbox_deliveries where failed_at is null')).rowCount ?? 0;
      } finally {
        await db.end();
      }
    },
    redisCommands,
    end: async () => {
      await fleet.end();
      monitor.destroy();
      await Promise.all(Object.values(proxies).map((proxy) => proxy.close()));
      await redis.close();
      await postgres.stop();
      await removeInstallation(folder);
    },
  };
}
