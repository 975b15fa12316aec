import type { BenchFleet } from './bench-fleet.ts';
import { loadCustomers } from './customers-data.ts';
import { cpuTime, treeCpuTime } from './cpu.ts';
import { median } from './measure.ts';
import type { Generator } from './open-loop.ts';
import { rawRequest, sendOnce } from './sides.ts';

/** Of one request at a time: milliseconds at the median, CPU microseconds of the service and of PostgreSQL. */
export type SizeFigures = { median: number; service: number; postgres: number };
export type SizeRow = { name: string; bySize: Map<number, SizeFigures> };

const path = '/api/customers';
const search = (term: string) => `${path}/search?q=${encodeURIComponent(term)}`;

/** Fifteen customers of a name that no other has, at every size. */
const fifteen = Array.from({ length: 15 }, (_, index) => ({
  firstname: 'Zenobia',
  lastname: 'Quintanilla',
  email: `zenobia.quintanilla${index + 1}@example.com`,
  document_type: 'passport',
  document_number: String(7_031_582_950 + index),
}));

/** Requests whose cost may depend on the number of customers. */
const requests: Readonly<Record<string, (context: { id: string; cursor: string; last: number }) => string>> = {
  get: ({ id }) => `${path}/${id}`,
  'page 1 with total': () => path,
  'page 1 of VIPs with total': () => `${path}?type=vip`,
  'deep page, at half': ({ last }) => `${path}?page=${Math.max(1, Math.min(500, last >> 1))}`,
  'cursor page, the 50th': ({ cursor }) => `${path}?cursor=${encodeURIComponent(cursor)}`,
  'search by a name, 15 hits': () => search('quintanilla'),
  'search by two words, 15 hits': () => search('zenobia quintanilla'),
  'search by an e-mail, 1 hit': () => search('zenobia.quintanilla15@example.com'),
  'search by a number, 1 hit': () => search('7031582964'),
  'search by a number with leading zeros, 1 hit': () => search('0000104729'),
  'search by an e-mail, 0 hits': () => search('amelia.serrano'),
  'search by words, 0 hits': () => search('nobody has this'),
  'search by a name, a fifth of all': () => search('garcia'),
  'search by two words, more hits of more': () => search('petrova zoe'),
  'list filtered by text, more hits of more': () => `${path}?search=stefanescu`,
};

/** How many customers a search finds by its name, when that is a number. */
const hitsOf = (name: string) => /, (\d+) hits?$/.exec(name)?.[1];

/** Loads more customers into an empty fleet step by step and measures the same requests at each size. */
export async function measureSizes(
  { fleet, as_gateway, company_id, customer_id }: BenchFleet,
  generator: Generator,
  options: {
    sizes: readonly number[];
    seconds: number;
    print: (line: string) => void;
    signal: AbortSignal;
  },
): Promise<SizeRow[]> {
  const port = fleet.ports.customer;
  const rows = Object.keys(requests).map((name): SizeRow => ({ name, bySize: new Map() }));
  const send = (request: Parameters<typeof sendOnce>[2]) => sendOnce(port, as_gateway, request);
  const get = (url: string) => send({ method: 'GET', path: url });
  for (const body of fifteen) await send({ method: 'POST', path, body });
  let have = 0;
  for (const size of options.sizes) {
    options.print(`loading ${size} customers`);
    const amount = { have, want: size, companies: have === 0 ? 10 : 0 };
    await loadCustomers(fleet.databases.customer.ownerUrl, company_id, options.print, amount);
    have = size;
    let cursor = '';
    for (let page = 0; page < 50; page += 1) {
      const { next_cursor } = (await get(`${path}?cursor=${encodeURIComponent(cursor)}`)) as {
        next_cursor: string | null;
      };
      cursor = next_cursor ?? cursor;
    }
    const { pages } = (await get(path)) as { pages: number };
    for (const row of rows) {
      options.signal.throwIfAborted();
      const url = requests[row.name]?.({ id: customer_id, cursor, last: pages }) ?? path;
      const hits = hitsOf(row.name);
      if (hits !== undefined && ((await get(url)) as { total: number }).total !== Number(hits))
        throw new Error(`GET ${url} does not find ${hits} of ${size} customers`);
      const order = { port, requests: [rawRequest({ method: 'GET', path: url }, as_gateway)], connections: 1 };
      await generator.run({ ...order, seconds: options.seconds / 3 });
      const times = () => [cpuTime(fleet.pid('customer') ?? 0), treeCpuTime(fleet.postgres.pid() ?? 0)] as const;
      const before = times();
      const { samples } = await generator.run({ ...order, seconds: options.seconds });
      const after = times();
      if (samples.some(([, , status]) => status !== 200)) throw new Error(`GET ${url} failed`);
      row.bySize.set(size, {
        median: median(samples.map(([, duration]) => duration)),
        service: (after[0] - before[0]) / samples.length,
        postgres: (after[1] - before[1]) / samples.length,
      });
    }
  }
  return rows;
}
