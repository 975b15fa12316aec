import { setTimeout as sleep } from 'node:timers/promises';
import { peers, services } from '@clientela/fleet';
import pg from 'pg';
import type { ChaosStreet } from './chaos-fleet.ts';
import { tell, type Dice } from './seed.ts';

type Fault = {
  name: string;
  kills: boolean;
  /** Only where there is one. */
  needs_broker?: true;
  happen: (street: ChaosStreet, dice: Dice) => Promise<() => Promise<void>>;
};

const nothingElse = async () => {};

/** What happens to a street, as the dice say. Each answers with what ends it, for what does not end by itself. */
const faults: Fault[] = [
  ...peers.map((program) => ({
    name: `kill -9 ${program}`,
    kills: true,
    happen: async (street: ChaosStreet) => {
      street.kill(program, 'SIGKILL');
      return nothingElse;
    },
  })),
  {
    name: 'kill -9 a PostgreSQL backend',
    kills: true,
    happen: async (street, dice) => {
      const at = dice.below(1000);
      const backends = await backendsOf(street);
      const pid = backends[at % backends.length];
      if (pid !== undefined) process.kill(pid, 'SIGKILL'); // the server ends all others then, and recovers
      return nothingElse;
    },
  },
  {
    name: 'kill -9 PostgreSQL',
    kills: true,
    happen: async (street) => {
      const pid = street.postgres.pid();
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
      return nothingElse;
    },
  },
  {
    name: 'kill -9 the broker',
    kills: true,
    needs_broker: true,
    happen: async ({ broker }, dice) => {
      const away = dice.below(3000);
      await broker?.kill();
      return async () => {
        await sleep(away);
        await broker?.start();
      };
    },
  },
  {
    name: 'the wires to the broker are cut',
    kills: false,
    needs_broker: true,
    happen: async (street) => {
      street.to_broker.cut();
      return nothingElse;
    },
  },
  {
    name: 'nothing passes to or from the broker for a while, and nobody is told',
    kills: false,
    needs_broker: true,
    happen: async (street, dice) => {
      const held = street.to_broker.hold(() => true);
      const time = 500 + dice.below(2500);
      return async () => {
        await sleep(time);
        held.release();
        street.to_broker.cut(); // what was half-open is noticed in the end
      };
    },
  },
  {
    name: 'the wires to a service are cut',
    kills: false,
    happen: async (street, dice) => {
      street.to[dice.pick(services)].cut();
      return nothingElse;
    },
  },
];

/** The backends that serve our programs. */
async function backendsOf({ postgres }: ChaosStreet): Promise<number[]> {
  const client = new pg.Client({ connectionString: postgres.admin_url, connectionTimeoutMillis: 5000 });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ pid: number }>(
      `select pid from pg_stat_activity where backend_type = 'client backend' and datname like 'clientela%' order by pid`,
    );
    return rows.map(({ pid }) => pid);
  } catch {
    return []; // it was killed a moment ago
  } finally {
    await client.end().catch(() => {});
  }
}

/** One fault after the other, each kind once before any comes again; `over` waits for the end of those that last. */
export function faultsOf(
  street: ChaosStreet,
  dice: Dice,
): { next: (when: string) => Promise<boolean>; over: () => Promise<void> } {
  const possible = faults.filter(({ needs_broker }) => street.broker || !needs_broker);
  const deck: Fault[] = [];
  const lasting = new Map<string, Promise<void>>();
  return {
    /** @returns whether it was a kill */
    next: async (when) => {
      if (deck.length === 0) deck.push(...possible);
      const [fault] = deck.splice(dice.below(deck.length), 1) as [Fault];
      await lasting.get(fault.name); // it happens again when it is over
      tell(`${fault.name}: ${when}`);
      const end = await fault.happen(street, dice);
      lasting.set(fault.name, end());
      return fault.kills;
    },
    over: async () => void (await Promise.all(lasting.values())),
  };
}
