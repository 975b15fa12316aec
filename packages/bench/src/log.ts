import { join } from 'node:path';
import pg from 'pg';

/** The server's log, which it writes beside its data. */
export async function logOf(admin_url: string): Promise<string> {
  const admin = new pg.Client({ connectionString: admin_url });
  await admin.connect();
  const { rows } = await admin.query<{ data_directory: string }>('show data_directory');
  await admin.end();
  return join(rows[0]?.data_directory ?? '', '..', 'postgres.log');
}
