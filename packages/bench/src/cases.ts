import type { Target } from './load.ts';
import type { Reference } from './reference.ts';
import type { BenchFleet } from './bench-fleet.ts';

/** One implementation of a request, and the processes whose CPU time it takes. */
export type Side = Target & { name: string; pids: Record<string, number> };
/** What is measured, and its reference. */
export type Case = { name: string; measured: Side; reference: Side };

export function cases(benchFleet: BenchFleet, bare: Reference): Case[] {
  const { fleet, customer_id, product_id, bearer, as_gateway } = benchFleet;
  const pid = (peer: 'gateway' | 'customer' | 'product') => ({ [peer]: fleet.pid(peer) ?? 0 });
  const service = (peer: 'customer' | 'product') => `http://127.0.0.1:${fleet.ports[peer]}`;
  const customer = `/api/customers/${customer_id}`;
  const product = `/api/products/${product_id}`;
  return [
    {
      name: 'gateway hop',
      measured: {
        name: 'product through the gateway',
        url: `${fleet.url}${product}`,
        headers: bearer,
        pids: { ...pid('gateway'), ...pid('product') },
      },
      reference: {
        name: 'product at its service',
        url: `${service('product')}${product}`,
        headers: as_gateway,
        pids: pid('product'),
      },
    },
    {
      name: 'get by id',
      measured: {
        name: 'customer at its service',
        url: `${service('customer')}${customer}`,
        headers: as_gateway,
        pids: pid('customer'),
      },
      reference: { name: 'bare Express + pg', url: `${bare.url}${customer}`, headers: {}, pids: { bare: bare.pid } },
    },
  ];
}
