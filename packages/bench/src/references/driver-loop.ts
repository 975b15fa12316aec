import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { endWithParent, isChild, startChild, type Reference } from './child.ts';

/** A statement with its values, as the service sends it. */
export type PreparedStatement = { text: string; values: (string | null)[] };
/** @property rate statements a second at most; default as many as possible */
type Order = { statement: PreparedStatement; seconds: number; rate?: number };
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
  process.on('message', ({ statement, seconds, rate = Infinity }: Order) => {
    const startedAt = performance.now();
    const elapsed = () => (performance.now() - startedAt) / 1000;
    let requests = 0;
    let next = startedAt;
    /** Keeps the process busy, as a service is that sends the next statement after the rest of its work for a request. */
    const waitForTurn = () => {
      next += 1000 / rate;
      while (performance.now() < next);
    };
    const repeat = async (client: pg.Client) => {
      while (elapsed() < seconds) {
        await client.query({ name: statement.text.length.toString(), ...statement });
        requests += 1;
        waitForTurn();
      }
    };
    void Promise.all(connections.map(repeat)).then(() =>
      process.send?.({ requests, seconds: elapsed() } satisfies Count),
    );
  });
  endWithParent();
  process.send?.({});
}
