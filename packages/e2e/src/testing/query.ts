import type { Fleet, Service } from '@clientela/fleet';
import pg from 'pg';

/** Queries a service's database as its owner. */
export type Query = (service: Service, sql: string, values?: unknown[]) => Promise<Record<string, unknown>[]>;

/** Builds the function that queries a service's database as its owner. */
export const queryOf =
  ({ databases }: Pick<Fleet, 'databases'>): Query =>
  async (service, sql, values = []) => {
    const db = new pg.Client({ connectionString: databases[service].ownerUrl, connectionTimeoutMillis: 5000 });
    db.on('error', () => {});
    await db.connect();
    try {
      return (await db.query(sql, values)).rows as Record<string, unknown>[];
    } finally {
      await db.end();
    }
  };
