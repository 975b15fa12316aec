import { setTimeout as sleep } from 'node:timers/promises';
import { services, type Fleet } from '@clientela/fleet';
import pg from 'pg';

export type Settling = { settle: () => Promise<void>; waiting: () => Promise<number>; close: () => Promise<void> };

const timeout = 120_000; // milliseconds
const unsent =
  'select count(*)::int as waiting from (select from outbox_deliveries where failed_at is null limit 20000) as d';

/** Waits until every event of a fleet has had its effects, where services deliver them to each other over HTTP. */
export async function openSettling({ databases }: Fleet): Promise<Settling> {
  const clients = await Promise.all(
    services.map(async (service) => {
      const client = new pg.Client({ connectionString: databases[service].ownerUrl, application_name: 'bench' });
      await client.connect();
      return client;
    }),
  );
  const waiting = async () => {
    const counts = await Promise.all(
      clients.map(
        async (client) =>
          (await client.query<{ waiting: number }>({ name: 'unsent', text: unsent })).rows[0]?.waiting ?? 0,
      ),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  };
  return {
    waiting,
    settle: async () => {
      const deadline = performance.now() + timeout;
      while ((await waiting()) > 0) {
        if (performance.now() > deadline) throw new Error('Events are not delivered.');
        await sleep(50);
      }
    },
    close: async () => void (await Promise.all(clients.map((client) => client.end()))),
  };
}
