import pg from 'pg';
import { assertServerVersion } from './server-version.ts';

export type Provisioned = {
  /** Connection of the app role: rows only. */
  url: string;
  /** Connection of the owner role: migrations only. */
  ownerUrl: string;
  appRole: string;
};

/**
 * Creates one service's database, unless it exists, with two roles: an owner that migrates and an app role without DDL.
 * No other role may connect to it. Passwords are set at each call, so that they match the caller's secrets.
 * @param admin connection of a role that may create databases and roles
 * @param options.ownServer the server belongs to this installation alone: its maintenance databases are closed to other roles too
 * @throws ServerVersionError when the server is older than PostgreSQL 17
 */
export async function provision(
  admin: string,
  database: string,
  passwords: { owner: string; app: string },
  options: { ownServer: boolean },
): Promise<Provisioned> {
  const owner = `${database}_owner`;
  const app = `${database}_app`;
  await using server = await openClient(admin);
  await assertServerVersion(server.client);

  // Two concurrent runs would both find the role missing.
  await server.client.query('select pg_advisory_lock(hashtext($1))', [`provision ${database}`]);
  for (const [role, password] of [
    [owner, passwords.owner],
    [app, passwords.app],
  ] as const) {
    const name = server.client.escapeIdentifier(role);
    const exists = await server.client.query('select 1 from pg_roles where rolname = $1', [role]);
    const verb = exists.rowCount ? 'alter' : 'create';
    await server.client.query(
      `${verb} role ${name} with login nosuperuser nocreatedb nocreaterole noreplication password ${server.client.escapeLiteral(password)}`,
    );
  }
  const name = server.client.escapeIdentifier(database);
  const exists = await server.client.query('select 1 from pg_database where datname = $1', [database]);
  if (!exists.rowCount) {
    await server.client.query(`grant ${server.client.escapeIdentifier(owner)} to current_user`);
    await server.client.query(
      `create database ${name} owner ${server.client.escapeIdentifier(owner)} template template0 encoding 'UTF8' locale_provider builtin builtin_locale 'C.UTF-8' lc_collate 'C' lc_ctype 'C'`,
    );
  }
  await server.client.query(`revoke all on database ${name} from public`);
  await server.client.query(`grant connect on database ${name} to ${server.client.escapeIdentifier(app)}`);
  if (options.ownServer) {
    // All services update the same two rows, and PostgreSQL fails concurrent updates of them ("tuple concurrently updated").
    await server.client.query(`select pg_advisory_lock(hashtext('provision shared'))`);
    for (const shared of ['postgres', 'template1'])
      await server.client.query(`revoke connect on database ${shared} from public`);
  }
  return {
    url: connectionUrl(admin, database, app, passwords.app),
    ownerUrl: connectionUrl(admin, database, owner, passwords.owner),
    appRole: app,
  };
}

function connectionUrl(admin: string, database: string, user: string, password: string): string {
  const url = new URL(admin);
  url.pathname = `/${encodeURIComponent(database)}`;
  url.username = encodeURIComponent(user);
  url.password = encodeURIComponent(password);
  return url.href;
}

async function openClient(url: string): Promise<{ client: pg.Client } & AsyncDisposable> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'clientela provision',
    connectionTimeoutMillis: 5000,
  });
  client.on('error', () => {}); // a lost connection fails the next statement, which reports it
  await client.connect();
  return { client, [Symbol.asyncDispose]: () => client.end() };
}
