import { setTimeout as sleep } from 'node:timers/promises';
import { otlpReceiver } from '@clientela/testing';
import type { Service } from '@clientela/fleet';
import { expect, onTestFinished, test } from 'vitest';
import { newCompany, startTestFleet, type TestFleet } from '../testing/test-fleet.ts';

const alwaysOn = { OTEL_TRACES_SAMPLER: 'parentbased_always_on' };

/** Starts a fleet that traces every request. */
async function tracedFleet() {
  const receiver = await otlpReceiver();
  const fleet = await startTestFleet({ ...alwaysOn, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
  onTestFinished(async () => {
    await fleet.end();
    await receiver.close();
  });
  return { receiver, fleet };
}

test('an event that is delivered over HTTP has the trace of its request too; each statement of a change is in it', async () => {
  const { receiver, fleet } = await tracedFleet();
  const admin = await newCompany(fleet.url);
  const { customer } = (await admin.post('/api/customers', { full_name: 'Canary Person' })).body;
  await admin.post(`/api/customers/${customer.id}/interactions`, { notes: 'CanaryNote', type: 'call' });
  const route = 'POST /api/customers/{customer_id}/interactions';
  const root = () => receiver.spans.find(({ service, name }) => service === 'gateway' && name === route);
  const names = () =>
    receiver.spans
      .filter(({ traceId }) => traceId === root()?.traceId)
      .map(({ service, kind, name }) => [service, kind, name].join(' '));
  await expect
    .poll(names)
    .toEqual(
      expect.arrayContaining([
        'interaction producer send interaction.recorded',
        'customer consumer process interaction.recorded',
        'auth consumer process interaction.recorded',
      ]),
    );
  const sent = new Set(receiver.spans.filter(({ kind }) => kind === 'producer').map(({ id }) => id));
  for (const { kind, links, parentId } of receiver.spans) {
    if (kind !== 'consumer') continue;
    expect(parentId).toBe('');
    expect(links.length > 0 && links.every(({ spanId }) => sent.has(spanId))).toBe(true);
  }
  expect(receiver.bytes().includes('Canary')).toBe(false);
});

/** Bytes that a service's heap holds at least during some work: what is left when garbage has just been collected. */
async function leastHeap(fleet: TestFleet, service: Service, work: () => Promise<unknown>): Promise<number> {
  const read = async () => {
    const text = await (await fetch(`http://127.0.0.1:${fleet.ports[service]}/metrics`)).text();
    return Number(/^nodejs_heap_size_used_bytes (\S+)/m.exec(text)?.[1]);
  };
  let [least, isWorking] = [Infinity, true];
  const working = work().finally(() => (isWorking = false));
  while (isWorking) {
    least = Math.min(least, await read());
    await sleep(100);
  }
  await working;
  return least;
}

test('no request notices an endpoint that hangs or is gone: none fails or waits, memory stays, spans are dropped and counted', async () => {
  const { receiver, fleet } = await tracedFleet();
  const admin = await newCompany(fleet.url);
  const { customer } = (await admin.post('/api/customers', { full_name: 'Ana' })).body;
  let slowest = 0;
  /** Sends requests, 16 at a time. */
  const load = async (requests: number) => {
    let left = requests;
    const work = async () => {
      for (; left > 0; left -= 1) {
        const startedAt = performance.now();
        expect((await admin.get(`/api/customers/${customer.id}`)).status).toBe(200);
        slowest = Math.max(slowest, performance.now() - startedAt);
      }
    };
    await Promise.all(Array.from({ length: 16 }, work));
  };
  receiver.respond(() => {}); // hangs
  await load(4000);
  const before = await leastHeap(fleet, 'customer', () => load(8000));
  slowest = 0;
  await load(8000);
  await receiver.close();
  const after = await leastHeap(fleet, 'customer', () => load(8000));
  expect(slowest).toBeLessThan(2000);
  expect((after - before) / 2 ** 20).toBeLessThan(10);
  const text = await (await fetch(`http://127.0.0.1:${fleet.ports.customer}/metrics`)).text();
  expect(Number(/clientela_trace_spans_total\{outcome="dropped"\} (\d+)/.exec(text)?.[1])).toBeGreaterThan(10_000);
  const stoppedAt = performance.now();
  await fleet.stop();
  expect(performance.now() - stoppedAt).toBeLessThan(10_000);
});
