import type pg from 'pg';

/** The server is too old. The message is one sentence that names it. */
export class ServerVersionError extends Error {
  override name = 'ServerVersionError';
}

const minMajorVersion = 17;

/** @throws ServerVersionError when the server is older than PostgreSQL 17 */
export async function assertServerVersion(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ server_version: string }>('show server_version');
  const [version = ''] = rows[0]?.server_version.split(' ') ?? []; // a distribution adds its own after a space
  if (Number.parseInt(version, 10) >= minMajorVersion) return;
  throw new ServerVersionError(
    `PostgreSQL at ${client.host}:${client.port} is ${version}; ${minMajorVersion} or newer is needed`,
  );
}
