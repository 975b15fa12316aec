import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { repoRoot, type Fleet } from '@clientela/fleet';
import pg from 'pg';

const require = createRequire(import.meta.url);
const versionOf = (name: string) => {
  try {
    return (require(`${name}/package.json`) as { version: string }).version;
  } catch {
    return 'unknown';
  }
};

/** The short commit of a checkout; undefined without git. */
export function commitOf(checkout: string): string | undefined {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      cwd: checkout,
      encoding: 'utf8',
      stdio: 'pipe',
    }).trim();
  } catch {
    return undefined;
  }
}

/** Names the versions of what a run measured. */
export async function versionsOf({ postgres }: Fleet): Promise<Record<string, string>> {
  const admin = new pg.Client({ connectionString: postgres.adminUrl });
  await admin.connect();
  const { rows } = await admin.query<{ server_version: string }>('show server_version');
  await admin.end();
  const commit = commitOf(repoRoot);
  return {
    Node: process.version,
    PostgreSQL: rows[0]?.server_version ?? 'unknown',
    Express: versionOf('express'),
    pg: versionOf('pg'),
    Knex: versionOf('knex'),
    Fastify: versionOf('fastify'),
    '@fastify/http-proxy': versionOf('@fastify/http-proxy'),
    ...(commit !== undefined && { commit }),
  };
}
