import { join } from 'node:path';
import pg from 'pg';

/** Finds the log of the embedded server, next to its data. */
export async function logOf(adminUrl: string): Promise<string> {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  const { rows } = await admin.query<{ data_directory: string }>('show data_directory');
  await admin.end();
  return join(rows[0]?.data_directory ?? '', '..', 'postgres.log');
}
