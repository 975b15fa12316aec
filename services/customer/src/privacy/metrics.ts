import type { Db } from '@clientela/db';
import { Gauge, Registry } from 'prom-client';
import { countOpen } from './store.ts';

/** How erasures fare, read from the table when somebody asks: the same at each replica. */
export function erasureMetrics(db: Db): Registry {
  const registry = new Registry();
  const registers = [registry];
  const open = new Gauge({
    name: 'clientela_erasures_open',
    help: 'Erasures of persons that are not done yet',
    registers,
    collect: async () => {
      open.set((await countOpen(db)).open);
    },
  });
  const oldest = new Gauge({
    name: 'clientela_erasures_oldest_open_seconds',
    help: 'Age of the oldest of them',
    registers,
    collect: async () => {
      oldest.set((await countOpen(db)).oldest);
    },
  });
  return registry;
}
