import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { locatePostgres, startPostgres } from '@clientela/embedded-postgres';
import { childEnv, dataFolder } from '@clientela/testing';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { container } from '../testing/compose-file.ts';
import { setUp } from './setup.ts';

test('migrate creates the databases that the secrets of setup give access to', async () => {
  const folder = dataFolder('compose-');
  const postgres = await startPostgres({ folder, fsync: false });
  onTestFinished(async () => {
    await postgres.stop();
    for (const path of [(await locatePostgres(folder)).dataHome, folder])
      rmSync(path, { recursive: true, force: true });
  });
  const secrets = join(folder, 'mounted');
  const broker = { address: 'rabbitmq:5672', exchange: 'bee.customers.events', folder: '/secrets' };
  setUp(secrets, `127.0.0.1:${postgres.port}`, broker);
  const admin = new URL(postgres.adminUrl);
  const files = Object.entries(container('migrate').environment ?? {}).map(([name, value]) => [
    name,
    value.replace('/secrets', join(secrets, 'migrate')),
  ]);
  const env = {
    ...childEnv,
    ...Object.fromEntries(files),
    POSTGRES_PASSWORD_FILE: join(folder, 'secrets', 'postgres_password'),
    POSTGRES_HOST: '127.0.0.1',
    POSTGRES_PORT: String(postgres.port),
    POSTGRES_USER: admin.username,
  };
  const migrate = async () =>
    (await promisify(execFile)(process.execPath, [join(import.meta.dirname, 'migrate.ts')], { env })).stdout;
  expect(await migrate()).toMatch(/^product: [1-9]\d* new migrations?$/m);
  expect(await migrate()).toMatch(/^product: 0 new migrations$/m);
  const owner = new pg.Client({ connectionString: postgres.adminUrl.replace(/\/postgres$/, '/clientela_product') });
  await owner.connect();
  await owner.query(`insert into migrations.done (name, batch) values ('0099_of_tomorrow.sql', 9)`);
  await owner.end();
  await expect(migrate()).rejects.toThrow(
    /The databases could not be set up: Database clientela_product was created by another development version \(it has the unknown migration 0099_of_tomorrow\.sql\) and was left unchanged: [^\n]+\n/,
  );
  const client = new pg.Client({
    connectionString: readFileSync(join(secrets, 'product/product_database_url'), 'utf8').trim(),
  });
  await client.connect();
  expect((await client.query('select current_user as role')).rows).toEqual([{ role: 'clientela_product_app' }]);
  await client.end();
});
