import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { compileCache } from '@clientela/testing';
import { expect, test } from 'vitest';
import { client, newCompany, removeInstallation, type TestResponse } from '../testing/test-fleet.ts';

test('after SIGKILL of the supervisor its processes exit, the next start succeeds, and every acknowledged write is kept', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'clientela-killed-'));
  const running: ChildProcess[] = [];
  const start = async () => {
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, '../testing/run-fleet.ts'), folder, compileCache],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { PATH: process.env['PATH'] },
      },
    );
    running.push(child);
    const lines = createInterface({ input: child.stdout });
    const [line] = (await once(lines, 'line', { signal: AbortSignal.timeout(30_000) })) as [string];
    return { child, ...(JSON.parse(line) as { url: string; ports: Record<string, number> }) };
  };
  try {
    const first = await start();
    const writer = await newCompany(first.url);
    const written: TestResponse[] = [];
    for (let n = 0; n < 20; n += 1) written.push(await writer.post('/api/customers', { full_name: `Written ${n}` }));
    first.child.kill('SIGKILL');
    for (const port of Object.values(first.ports))
      await expect.poll(() => isOpen(port), { timeout: 15_000 }).toBe(false);

    const second = await start();
    const reader = client(second.url, writer.token);
    for (const { status, body } of written) {
      expect(status).toBe(201);
      expect((await reader.get(`/api/customers/${body.customer.id}`)).body.customer).toEqual(body.customer);
    }
    second.child.kill('SIGTERM');
    await once(second.child, 'exit', { signal: AbortSignal.timeout(20_000) });
  } finally {
    for (const child of running) child.kill('SIGKILL');
    await removeInstallation(folder);
  }
}, 60_000);

const isOpen = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => socket.destroy());
    socket.once('connect', () => socket.destroy());
  });
