import { chmodSync, chownSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { record } from '../launcher/secrets.ts';
import { keyHashesFor, peers, services } from '../launcher/services.ts';
import { databaseName } from '../launcher/databases.ts';
import { keepSecret, writeSecret } from '@clientela/embedded-postgres';

/** Users of the images: `node` in ours, `postgres` in PostgreSQL's, `rabbitmq` in RabbitMQ's. */
const users = { node: 1000, postgres: 999, rabbitmq: 999 };

/**
 * Makes what only this installation knows, for programs that run in containers: one folder a program, with one file a variable that
 * it reads through `X_FILE`. What is there already is kept; what follows from it is made anew.
 * @param folder holds a folder (a volume of its own) for each program, for `postgres`, `rabbitmq` and `migrate`
 * @param database where the services reach PostgreSQL, as host:port
 * @param broker where they reach RabbitMQ
 */
export function setUp(folder: string, database: string, broker: string): void {
  const of = (name: string) => join(folder, name);
  const keys = record(peers, (program) => keepSecret(of(program), `${program}_service_key`));
  writeSecret(of('migrate'), 'postgres_password', keepSecret(of('postgres'), 'postgres_password'));
  const brokerPassword = keepSecret(of('rabbitmq'), 'password');
  writeSecret(of('rabbitmq'), 'rabbitmq.conf', `default_user = clientela\ndefault_pass = ${brokerPassword}\n`);
  for (const service of services) {
    keepSecret(of(service), `${service}_secret`);
    writeSecret(of(service), 'rabbitmq_url', `amqp://clientela:${brokerPassword}@${broker}`);
    keepSecret(of('migrate'), `${service}_owner_password`);
    const password = keepSecret(of('migrate'), `${service}_app_password`);
    const name = databaseName(service);
    writeSecret(of(service), `${service}_database_url`, `postgresql://${name}_app:${password}@${database}/${name}`);
    writeSecret(of(service), 'service_key_hashes', keyHashesFor(service, keys));
  }
  if (process.getuid?.() !== 0) return;
  for (const name of [...peers, 'postgres', 'rabbitmq', 'migrate'])
    own(of(name), name === 'postgres' || name === 'rabbitmq' ? users[name] : users.node);
}

/** To the one user that runs the program, to read and not to change. */
function own(folder: string, user: number): void {
  for (const file of readdirSync(folder)) {
    chmodSync(join(folder, file), 0o400);
    chownSync(join(folder, file), user, user);
  }
  chmodSync(folder, 0o500);
  chownSync(folder, user, user);
}

if (import.meta.main) {
  const [folder = '/secrets', database = 'postgres:5432', broker = 'rabbitmq:5672'] = process.argv.slice(2);
  mkdirSync(folder, { recursive: true });
  setUp(folder, database, broker);
  process.stdout.write('The secrets of this installation are there.\n');
}
