import { readFileSync } from 'node:fs';
import { otlpReceiver } from '@clientela/testing';
import type { Peer } from '@clientela/fleet';
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

/** Bytes of memory of a process. */
const memoryOf = (fleet: TestFleet, peer: Peer) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${fleet.pid(peer)}/status`, 'utf8'))?.[1]) * 1024;

test.skipIf(process.platform !== 'linux')(
  'no request notices an endpoint that hangs or is gone: none fails or waits, memory stays, spans are dropped and counted',
  async () => {
    const { receiver, fleet } = await tracedFleet();
    const admin = await newCompany(fleet.url);
    const { customer } = (await admin.post('/api/customers', { full_name: 'Ana' })).body;
    /** Sends requests, 16 at a time. @returns the slowest, in milliseconds */
    const load = async (requests: number): Promise<number> => {
      let left = requests;
      let slowest = 0;
      const work = async () => {
        for (; left > 0; left -= 1) {
          const startedAt = performance.now();
          expect((await admin.get(`/api/customers/${customer.id}`)).status).toBe(200);
          slowest = Math.max(slowest, performance.now() - startedAt);
        }
      };
      await Promise.all(Array.from({ length: 16 }, work));
      return slowest;
    };
    await load(4000);
    receiver.respond(() => {}); // hangs
    await load(8000);
    const before = { gateway: memoryOf(fleet, 'gateway'), customer: memoryOf(fleet, 'customer') };
    expect(await load(8000)).toBeLessThan(2000);
    await receiver.close();
    expect(await load(8000)).toBeLessThan(2000);
    for (const peer of ['gateway', 'customer'] as const)
      expect([peer, (memoryOf(fleet, peer) - before[peer]) / 2 ** 20 < 30]).toEqual([peer, true]);
    const text = await (await fetch(`http://127.0.0.1:${fleet.ports.customer}/metrics`)).text();
    expect(Number(/clientela_trace_spans_total\{outcome="dropped"\} (\d+)/.exec(text)?.[1])).toBeGreaterThan(10_000);
    const stoppedAt = performance.now();
    await fleet.stop();
    expect(performance.now() - stoppedAt).toBeLessThan(10_000);
  },
);
