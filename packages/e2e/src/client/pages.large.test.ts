import { Clientela } from '@clientela/client';
import { expect } from 'vitest';
import { fleetTest as test, newCompany } from '../testing/test-fleet.ts';

const total = 100_000;

/** A file of customers that is made while it is sent. */
function file(): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let row = 0;
  return new ReadableStream({
    pull(controller) {
      const rows = Array.from({ length: 1000 }, (_, index) => `n${row + index}@example.com,Customer ${row + index}\n`);
      controller.enqueue(encoder.encode((row === 0 ? 'email,full_name\n' : '') + rows.join('')));
      row += rows.length;
      if (row === total) controller.close();
    },
  });
}

test('iterates over 100,000 customers while others write: none twice, none of the unchanged lost', async ({
  defaultFleet: { url },
}) => {
  const { user } = await newCompany(url);
  let requests = 0;
  const options = { email: user.email as string, password: 'correct horse battery' };
  const client = await Clientela.signIn({
    ...options,
    url,
    fetch: (...request) => {
      requests += 1;
      return fetch(...request);
    },
  });
  const { import: started } = await client.imports.start(file(), { filename: 'customers.csv' });
  expect(await client.imports.wait(started.id)).toMatchObject({ status: 'done' });

  requests = 0;
  let left = 10;
  for await (const _ of client.customers.all()) if (--left === 0) break;
  expect(requests).toBe(1);

  const writing = new AbortController();
  const changed = new Set<string>();
  const writer = await Clientela.signIn({ ...options, url });
  const written = (async () => {
    for (let turn = 0; !writing.signal.aborted; turn += 1) {
      const { customer } = await writer.customers.create({ email: `new${turn}@example.com` });
      changed.add(customer.id);
      const { customers } = await writer.customers.list({ page: (turn % 900) + 1, sort: 'created_at' });
      for (const { id } of customers.slice(0, 2)) {
        changed.add(id);
        if (turn % 2) await writer.customers.delete(id);
        else await writer.customers.update(id, { full_name: `Renamed ${turn}` });
      }
    }
  })();

  const seen = new Set<string>();
  let twice = 0;
  const heap: number[] = [];
  for await (const { id, email } of client.customers.all()) {
    if (seen.has(id)) twice += 1;
    seen.add(id);
    if (email?.startsWith('new')) changed.add(id);
    if (seen.size % 10_000 === 0) {
      globalThis.gc?.();
      heap.push(process.memoryUsage().heapUsed / 2 ** 20);
    }
  }
  writing.abort();
  await written;
  const unchanged = [...seen].filter((id) => !changed.has(id)).length;
  expect(twice).toBe(0);
  // Each imported customer was either changed meanwhile or seen.
  const imported = [...changed].filter((id) => !seen.has(id)).length + seen.size;
  expect(imported).toBeGreaterThanOrEqual(total);
  expect(unchanged).toBeGreaterThan(total / 2);
  expect(changed.size).toBeGreaterThan(20);
  // The ids that this test remembers need some 10 MB; 100,000 customers would need 200 MB.
  expect(Math.max(...heap) - (heap[0] ?? 0)).toBeLessThan(80);
});
