import type { Db } from '@clientela/db';
import { Gauge, Registry } from 'prom-client';
import { countOpen } from './store.ts';

/** Metrics of erasures, read from the table at each scrape: the same at every replica. */
export function erasureMetrics(db: Db): Registry {
  const registry = new Registry();
  const registers = [registry];
  const unfinished = new Gauge({
    name: 'clientela_erasures_open',
    help: 'Erasure requests that are not finished',
    registers,
    collect: async () => {
      unfinished.set((await countOpen(db)).open);
    },
  });
  const oldest = new Gauge({
    name: 'clientela_erasures_oldest_open_seconds',
    help: 'Age of the oldest unfinished erasure request',
    registers,
    collect: async () => {
      oldest.set((await countOpen(db)).oldest);
    },
  });
  return registry;
}
