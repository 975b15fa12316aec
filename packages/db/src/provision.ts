import pg from 'pg';

export type Provisioned = {
  /** The app role's connection: rows only. */
  url: string;
  /** The owner role's connection: migrations only. */
  owner_url: string;
  app_role: string;
};

const oldest = 170_000;

/**
 * Makes (or finds) one service's database with its two roles on a server: an owner that migrates and an app role without DDL.
 * Nobody else may connect to it. Passwords are set anew each time, so the caller's secrets are the ones that hold.
 * @param admin connection of a role that may create databases and roles
 * @param options.own_server the server is this installation's alone: its maintenance databases are closed to everybody else too
 * @throws Error in one sentence when the server is older than PostgreSQL 17
 */
export async function provision(
  admin: string,
  database: string,
  passwords: { owner: string; app: string },
  options: { own_server: boolean },
): Promise<Provisioned> {
  const owner = `${database}_owner`;
  const app = `${database}_app`;
  await using server = await open(admin);
  const { rows } = await server.client.query<{ server_version_num: string }>('show server_version_num');
  if (Number(rows[0]?.server_version_num) < oldest)
    throw new Error('PostgreSQL 17 or newer is needed: this server is older.');

  // Two programs that provision at once would both find the role missing.
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
  if (options.own_server) {
    // The same two rows for every service: PostgreSQL refuses the second of two changes at once ("tuple concurrently updated").
    await server.client.query(`select pg_advisory_lock(hashtext('provision shared'))`);
    for (const shared of ['postgres', 'template1'])
      await server.client.query(`revoke connect on database ${shared} from public`);
  }
  return {
    url: at(admin, database, app, passwords.app),
    owner_url: at(admin, database, owner, passwords.owner),
    app_role: app,
  };
}

function at(url: string, database: string, user?: string, password?: string): string {
  const changed = new URL(url);
  changed.pathname = `/${encodeURIComponent(database)}`;
  if (user) changed.username = encodeURIComponent(user);
  if (password) changed.password = encodeURIComponent(password);
  return changed.href;
}

async function open(url: string): Promise<{ client: pg.Client } & AsyncDisposable> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'clientela provision',
    connectionTimeoutMillis: 5000,
  });
  client.on('error', () => {}); // reported by the statement that it fails
  await client.connect();
  return { client, [Symbol.asyncDispose]: () => client.end() };
}
