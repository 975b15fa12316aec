import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { endWithParent, isChild, startChild, type Reference } from './child.ts';

/** A statement with its values, as the service sends it. */
export type PreparedStatement = { text: string; values: (string | null)[] };
type Order = { statement: PreparedStatement; seconds: number };
type Count = { requests: number; seconds: number };

/** Starts PostgreSQL's own reference: the driver in a loop on one prepared statement, with as many clients as a service has. */
export const startDriverLoop = (databaseUrl: string): Promise<Reference<object>> =>
  startChild(fileURLToPath(import.meta.url), { DATABASE_URL: databaseUrl });

const clients = 10;

if (isChild(import.meta.url)) {
  const connections = await Promise.all(
    Array.from({ length: clients }, async () => {
      const client = new pg.Client({ connectionString: process.env['DATABASE_URL'] });
      await client.connect();
      return client;
    }),
  );
  process.on('message', ({ statement, seconds }: Order) => {
    const startedAt = performance.now();
    const elapsed = () => (performance.now() - startedAt) / 1000;
    let requests = 0;
    const repeat = async (client: pg.Client) => {
      while (elapsed() < seconds) {
        await client.query({ name: statement.text.length.toString(), ...statement });
        requests += 1;
      }
    };
    void Promise.all(connections.map(repeat)).then(() =>
      process.send?.({ requests, seconds: elapsed() } satisfies Count),
    );
  });
  endWithParent();
  process.send?.({});
}
