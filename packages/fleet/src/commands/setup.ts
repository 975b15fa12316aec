import { chmodSync, chownSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { keepSecret, writeSecret } from '@clientela/embedded-postgres';
import { brokerDefinitions } from '@clientela/events';
import { eventSettings, MetricsToken, readCommandLine, readEnvironment } from '@clientela/runtime';
import { z } from 'zod';
import { databaseName } from '../launcher/databases.ts';
import { keyHashesFor, mapKeys, peers, services } from '../launcher/services.ts';
import { OutsideKeyHashes } from '../launcher/settings.ts';

const definitionsFile = 'definitions.json';

/** User ids in the official images; in ours it is `node`. */
const users: Partial<Record<string, number>> = { postgres: 999, rabbitmq: 999, prometheus: 65_534, grafana: 472 };
const node = 1000;

/**
 * Creates the secrets of an installation that runs in containers: one folder per container, with one file per setting that it reads
 * through `X_FILE`. Existing secrets are kept; files derived from them are written again.
 * @param folder holds one folder (a volume) for each service and for each other container with secrets
 * @param database address of PostgreSQL for the services, as host:port
 * @param broker.address of RabbitMQ for the services, as host:port
 * @param broker.folder where RabbitMQ finds its files
 * @param outsideKeyHashes hashes of the keys of outside services, for the services that they may call
 * @param metricsToken METRICS_TOKEN, where the operator chose one
 */
export function setUp(
  folder: string,
  database: string,
  broker: { address: string; exchange: string; folder: string },
  outsideKeyHashes?: string,
  metricsToken?: string,
): void {
  const folderFor = (name: string) => join(folder, name);
  const keys = mapKeys(peers, (peer) => keepSecret(folderFor(peer), `${peer}_service_key`));
  writeSecret(folderFor('migrate'), 'postgres_password', keepSecret(folderFor('postgres'), 'postgres_password'));
  const brokerPasswords = mapKeys(services, (service) => keepSecret(folderFor(service), 'rabbitmq_password'));
  // The container reads these files instead of its image's own, which turn on the console log. With definitions it creates no default user.
  const brokerConfig = `load_definitions = ${join(broker.folder, definitionsFile)}\nlog.console = true\n`;
  writeSecret(folderFor('rabbitmq'), 'rabbitmq.conf', brokerConfig);
  const definitions = brokerDefinitions(broker.exchange, brokerPasswords);
  writeSecret(folderFor('rabbitmq'), definitionsFile, JSON.stringify(definitions, undefined, 2));
  for (const service of services) {
    keepSecret(folderFor(service), `${service}_secret`);
    const brokerUrl = `amqp://${service}:${brokerPasswords[service]}@${broker.address}`;
    writeSecret(folderFor(service), 'rabbitmq_url', brokerUrl);
    keepSecret(folderFor('migrate'), `${service}_owner_password`);
    const password = keepSecret(folderFor('migrate'), `${service}_app_password`);
    const name = databaseName(service);
    const url = `postgresql://${name}_app:${password}@${database}/${name}`;
    writeSecret(folderFor(service), `${service}_database_url`, url);
    writeSecret(folderFor(service), 'service_key_hashes', keyHashesFor(service, keys, {}, outsideKeyHashes));
  }
  if (metricsToken !== undefined) writeSecret(folderFor('gateway'), 'metrics_token', metricsToken);
  writeSecret(folderFor('prometheus'), 'metrics_token', keepSecret(folderFor('gateway'), 'metrics_token'));
  keepSecret(folderFor('grafana'), 'grafana_password');
  if (process.getuid?.() !== 0) return;
  for (const name of [...peers, 'postgres', 'rabbitmq', 'migrate', 'prometheus', 'grafana'])
    makeReadOnly(folderFor(name), users[name] ?? node);
}

/** Makes the secrets readable for the container's user only, and not writable for any user. */
function makeReadOnly(folder: string, user: number): void {
  for (const file of readdirSync(folder)) {
    chmodSync(join(folder, file), 0o400);
    chownSync(join(folder, file), user, user);
  }
  chmodSync(folder, 0o500);
  chownSync(folder, user, user);
}

if (import.meta.main) {
  const { positionals } = readCommandLine(
    `Usage: node src/commands/setup.ts [FOLDER] [POSTGRES] [RABBITMQ]
Creates the secrets of an installation in containers in FOLDER (default: /secrets). Existing ones are kept.
POSTGRES and RABBITMQ are addresses for the services (default: postgres:5432 and rabbitmq:5672).`,
    { positionals: [0, 3] },
  );
  const [folder = '/secrets', database = 'postgres:5432', address = 'rabbitmq:5672'] = positionals;
  mkdirSync(folder, { recursive: true });
  const {
    RABBITMQ_EXCHANGE: exchange,
    SERVICE_KEY_HASHES,
    METRICS_TOKEN,
  } = readEnvironment(
    z.object({
      ...eventSettings,
      SERVICE_KEY_HASHES: OutsideKeyHashes.optional(),
      METRICS_TOKEN: MetricsToken.optional(),
    }),
  );
  setUp(folder, database, { address, exchange, folder: '/secrets' }, SERVICE_KEY_HASHES, METRICS_TOKEN);
  process.stdout.write('The secrets of this installation are ready.\n');
}
