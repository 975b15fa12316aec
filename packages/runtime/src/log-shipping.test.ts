import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test, vi } from 'vitest';
import { shipLogs } from './log-shipping.ts';

type Mode = 'accept' | 'reject' | 'hang';

/** Starts a log service. */
async function startLogService(mode: Mode = 'accept') {
  const state = { mode, requests: 0, lines: [] as string[] };
  const server: Server = createServer((req, res) => {
    state.requests += 1;
    void text(req).then((body) => {
      if (state.mode === 'hang') return;
      if (state.mode === 'accept') state.lines.push(...body.trimEnd().split('\n'));
      res.writeHead(state.mode === 'accept' ? 204 : 500).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const problems = { failures: 0, dropped: 0 };
  const shipper = shipLogs(`http://127.0.0.1:${(server.address() as AddressInfo).port}/logs`, {
    onFailure: () => (problems.failures += 1),
    onDropped: (lines) => (problems.dropped += lines),
  });
  onTestFinished(() => shipper.close());
  return { state, shipper, problems };
}
const numbered = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => `{"n":${from + n}}`);

test('log lines reach the service in their order, after a failure too', async () => {
  const { state, shipper, problems } = await startLogService('reject');
  for (const line of numbered(1, 3)) shipper.write(`${line}\n`);
  await expect.poll(() => state.requests).toBe(1);
  state.mode = 'accept';
  for (const line of numbered(4, 5)) shipper.write(`${line}\n`);
  await expect.poll(() => state.lines).toEqual(numbered(1, 5));
  expect(problems).toEqual({ failures: 1, dropped: 0 });
});

test('what is queued at the end of the process is sent', async () => {
  const { state, shipper } = await startLogService();
  for (const line of numbered(1, 20)) shipper.write(`${line}\n`);
  await shipper.close();
  expect(state.lines).toEqual(numbered(1, 20));
});

test('a service that hangs delays no line, fills no memory, and ends the process in time', async () => {
  const { state, shipper, problems } = await startLogService('hang');
  const line = `${'x'.repeat(999)}\n`;
  for (let n = 0; n < 100_000; n += 1) shipper.write(line); // 100 MB, without waiting
  await expect.poll(() => problems.dropped).toBeGreaterThan(90_000);
  await vi.waitFor(() => expect(state.requests).toBe(1));
  const limits = vi.spyOn(AbortSignal, 'timeout');
  onTestFinished(() => limits.mockRestore());
  await shipper.close();
  expect(limits.mock.calls[0]).toEqual([2000]); // of all that is left to send
});
