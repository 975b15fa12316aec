import type { BenchFleet } from './bench-fleet.ts';
import { loadCustomers } from './customers-data.ts';
import { cpuTime, treeCpuTime } from './cpu.ts';
import { median } from './measure.ts';
import type { Generator } from './open-loop.ts';
import { rawRequest, sendOnce } from './sides.ts';

/** Of one request at a time: milliseconds at the median, CPU microseconds of the service and of PostgreSQL. */
export type SizeFigures = { median: number; service: number; postgres: number };
/** `growth` is the CPU time of both at the largest size divided by that at the smallest: the median of the ratios of the rounds. */
export type SizeRow = { name: string; bySize: ReadonlyMap<number, SizeFigures>; growth: number };

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
const requests: Readonly<Record<string, (place: { id: string; cursor: string; last: number }) => string>> = {
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

/** Fills an empty fleet. @returns what measures a request of it */
async function prepare(
  { fleet, as_gateway, company_id, customer_id }: BenchFleet,
  size: number,
  { generator, print }: { generator: Generator; print: (line: string) => void },
) {
  const port = fleet.ports.customer;
  const send = (request: Parameters<typeof sendOnce>[2]) => sendOnce(port, as_gateway, request);
  const get = (url: string) => send({ method: 'GET', path: url });
  for (const body of fifteen) await send({ method: 'POST', path, body });
  print(`loading ${size} customers`);
  await loadCustomers(fleet.databases.customer.ownerUrl, company_id, print, { want: size, companies: 10 });
  let cursor = '';
  for (let page = 0; page < 50; page += 1) {
    const { next_cursor } = (await get(`${path}?cursor=${encodeURIComponent(cursor)}`)) as {
      next_cursor: string | null;
    };
    cursor = next_cursor ?? cursor;
  }
  const place = { id: customer_id, cursor, last: ((await get(path)) as { pages: number }).pages };
  const times = () => [cpuTime(fleet.pid('customer') ?? 0), treeCpuTime(fleet.postgres.pid() ?? 0)] as const;

  return async (name: string, seconds: number): Promise<SizeFigures> => {
    const url = requests[name]?.(place) ?? path;
    const hits = hitsOf(name);
    if (hits !== undefined && ((await get(url)) as { total: number }).total !== Number(hits))
      throw new Error(`GET ${url} does not find ${hits} of ${size} customers`);
    const order = { port, requests: [rawRequest({ method: 'GET', path: url }, as_gateway)], connections: 1 };
    await generator.run({ ...order, seconds: seconds / 3 });
    const before = times();
    const { samples } = await generator.run({ ...order, seconds });
    const after = times();
    if (samples.some(([, , status]) => status !== 200)) throw new Error(`GET ${url} failed`);
    return {
      median: median(samples.map(([, duration]) => duration)),
      service: (after[0] - before[0]) / samples.length,
      postgres: (after[1] - before[1]) / samples.length,
    };
  };
}

/** Fills a fleet for each size, smallest first, and measures the same requests at all of them in turn. */
export async function measureSizes(
  fleets: readonly { size: number; benchFleet: BenchFleet }[],
  generator: Generator,
  options: { rounds: number; seconds: number; print: (line: string) => void; signal: AbortSignal },
): Promise<SizeRow[]> {
  const { rounds, seconds, print, signal } = options;
  const sizes: { size: number; measure: Awaited<ReturnType<typeof prepare>> }[] = [];
  for (const { size, benchFleet } of fleets)
    sizes.push({ size, measure: await prepare(benchFleet, size, { generator, print }) });
  const rows: SizeRow[] = [];
  for (const name of Object.keys(requests)) {
    const bySize = new Map(sizes.map(({ size }) => [size, [] as SizeFigures[]]));
    for (let round = 0; round < rounds; round += 1) {
      for (const { size, measure } of sizes) {
        signal.throwIfAborted();
        bySize.get(size)?.push(await measure(name, seconds));
      }
    }
    rows.push(rowOf(name, bySize));
  }
  return rows;
}

function rowOf(name: string, bySize: ReadonlyMap<number, readonly SizeFigures[]>): SizeRow {
  const all = [...bySize];
  const [smallest, largest] = [all[0]?.[1] ?? [], all.at(-1)?.[1] ?? []];
  const cost = ({ service, postgres }: SizeFigures) => service + postgres;
  const of = (rounds: readonly SizeFigures[], figure: keyof SizeFigures) => median(rounds.map((each) => each[figure]));
  const medians = all.map(([size, rounds]): [number, SizeFigures] => [
    size,
    { median: of(rounds, 'median'), service: of(rounds, 'service'), postgres: of(rounds, 'postgres') },
  ]);
  const ratios = largest.flatMap((each, round) => (smallest[round] ? [cost(each) / cost(smallest[round])] : []));
  return { name, bySize: new Map(medians), growth: median(ratios) };
}
