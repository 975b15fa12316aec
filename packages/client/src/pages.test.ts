import { expect, test } from 'vitest';
import { Clientela } from './index.ts';

const records = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from) }, (_, index) => ({ id: String(from + index) }));

/** A client of an API with lists of `total` records, divided as the query says. */
function clientOf(total: number) {
  const searches: string[] = [];
  const client = new Clientela({
    url: 'http://api.test',
    apiKey: 'clt_test',
    fetch: async (address) => {
      const { searchParams: query, search } = new URL(address);
      searches.push(search);
      if (query.has('cursor')) {
        const from = Number(query.get('cursor'));
        const to = Math.min(total, from + Number(query.get('per_page')));
        return Response.json({ customers: records(from, to), next_cursor: to < total ? String(to) : null });
      }
      if (query.has('page')) {
        const from = (Number(query.get('page')) - 1) * 100;
        const customers = records(from, Math.min(total, from + 100));
        return Response.json({ customers, page: 1, pages: Math.ceil(total / 100), total });
      }
      const from = Number(query.get('offset'));
      return Response.json({ users: records(from, Math.min(total, from + 100)), total });
    },
  });
  return { client, searches };
}

const ids = async (list: AsyncIterable<{ id: string }>) => (await Array.fromAsync(list)).map(({ id }) => Number(id));
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

test.for([0, 1, 100, 101, 250])('iterates over %i records by cursor, by page and by offset', async (total) => {
  const { client, searches } = clientOf(total);
  expect(await ids(client.customers.all())).toEqual(upTo(total));
  expect(await ids(client.customers.searchAll({ q: 'ana' }))).toEqual(upTo(total));
  expect(await ids(client.users.all())).toEqual(upTo(total));
  expect(searches).toHaveLength(3 * Math.max(1, Math.ceil(total / 100)));
});

test('reads by page what a cursor cannot search', async () => {
  const { client, searches } = clientOf(150);
  expect(await ids(client.customers.all({ search: 'ana', status: 'active' }))).toEqual(upTo(150));
  expect(searches).toEqual([1, 2].map((page) => `?search=ana&status=active&page=${page}&per_page=100`));
});

test('requests a page ahead once half of a page is read, and one page when the caller stops after 10', async () => {
  const { client, searches } = clientOf(250);
  const read = async (count: number) => {
    searches.length = 0;
    let left = count;
    for await (const _ of client.customers.all()) if (--left === 0) break;
    return searches.length;
  };
  expect([await read(10), await read(49), await read(51), await read(151)]).toEqual([1, 1, 2, 3]);
});

test('a failed page rejects when it is reached, and cancelling reaches the request of the page ahead', async () => {
  let requests = 0;
  const controller = new AbortController();
  const client = new Clientela({
    apiKey: 'clt_test',
    fetch: async (_, { signal }) => {
      requests += 1;
      if (requests === 1) return Response.json({ customers: records(0, 100), next_cursor: 'next' });
      return new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason as Error));
      });
    },
  });
  const read: string[] = [];
  const reading = (async () => {
    for await (const { id } of client.customers.all({}, { signal: controller.signal })) {
      read.push(id);
      if (read.length === 100) controller.abort(new Error('Enough'));
    }
  })();
  await expect(reading).rejects.toThrow('Enough');
  expect(read).toHaveLength(100);
});
