import { setTimeout as sleep } from 'node:timers/promises';
import { peers, services } from '@clientela/fleet';
import pg from 'pg';
import type { ChaosFleet } from './chaos-fleet.ts';
import { log, type Random } from './seed.ts';

type Fault = {
  name: string;
  kills: boolean;
  /** Possible only with a broker. */
  needsBroker?: true;
  inject: (fleet: ChaosFleet, random: Random) => Promise<() => Promise<void>>;
};

const noCleanUp = async () => {};

/** The injected faults. A lasting fault returns a function that ends it. */
const faults: Fault[] = [
  ...peers.map((peer) => ({
    name: `kill -9 ${peer}`,
    kills: true,
    inject: async (fleet: ChaosFleet) => {
      fleet.kill(peer, 'SIGKILL');
      return noCleanUp;
    },
  })),
  {
    name: 'kill -9 a PostgreSQL backend',
    kills: true,
    inject: async (fleet, random) => {
      const at = random.below(1000);
      const backends = await backendsOf(fleet);
      const pid = backends[at % backends.length];
      if (pid !== undefined) process.kill(pid, 'SIGKILL'); // the server then ends all other backends and recovers
      return noCleanUp;
    },
  },
  {
    name: 'kill -9 PostgreSQL',
    kills: true,
    inject: async (fleet) => {
      const pid = fleet.postgres.pid();
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
      return noCleanUp;
    },
  },
  {
    name: 'kill -9 the broker',
    kills: true,
    needsBroker: true,
    inject: async ({ broker }, random) => {
      const downtime = random.below(3000);
      await broker?.kill();
      return async () => {
        await sleep(downtime);
        await broker?.start();
      };
    },
  },
  {
    name: 'reset connections to the broker',
    kills: false,
    needsBroker: true,
    inject: async (fleet) => {
      fleet.brokerProxy.cut();
      return noCleanUp;
    },
  },
  {
    name: 'drop all traffic of the broker for a while',
    kills: false,
    needsBroker: true,
    inject: async (fleet, random) => {
      const hold = fleet.brokerProxy.hold(() => true);
      const time = 500 + random.below(2500);
      return async () => {
        await sleep(time);
        hold.release();
        fleet.brokerProxy.cut(); // ends half-open connections
      };
    },
  },
  {
    name: 'reset connections to a service',
    kills: false,
    inject: async (fleet, random) => {
      fleet.serviceProxies[random.pick(services)].cut();
      return noCleanUp;
    },
  },
];

/** Process ids of the backends that serve the fleet. */
async function backendsOf({ postgres }: ChaosFleet): Promise<number[]> {
  const client = new pg.Client({ connectionString: postgres.adminUrl, connectionTimeoutMillis: 5000 });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ pid: number }>(
      `select pid from pg_stat_activity where backend_type = 'client backend' and datname like 'clientela%' order by pid`,
    );
    return rows.map(({ pid }) => pid);
  } catch {
    return []; // PostgreSQL was just killed
  } finally {
    await client.end().catch(() => {});
  }
}

/**
 * Injects one fault after the other, each kind once before any is repeated. `finish` waits for the end of lasting faults.
 * @param names of the faults; all by default
 */
export function createFaults(
  fleet: ChaosFleet,
  random: Random,
  names: readonly string[] = faults.map(({ name }) => name),
): { next: (when: string) => Promise<boolean>; finish: () => Promise<void> } {
  const possible = faults.filter(({ name, needsBroker }) => names.includes(name) && (fleet.broker || !needsBroker));
  const deck: Fault[] = [];
  const lasting = new Map<string, Promise<void>>();
  return {
    /** @returns whether it was a kill */
    next: async (when) => {
      if (deck.length === 0) deck.push(...possible);
      const [fault] = deck.splice(random.below(deck.length), 1) as [Fault];
      await lasting.get(fault.name); // a fault is not repeated before it ends
      log(`${fault.name}: ${when}`);
      const end = await fault.inject(fleet, random);
      lasting.set(fault.name, end());
      return fault.kills;
    },
    finish: async () => void (await Promise.all(lasting.values())),
  };
}
