import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { freePort, isFree, isListening } from './ports.ts';

test('a port is free until a server listens on it; concurrent calls get different ports', async () => {
  const port = await freePort();
  expect([await isFree(port), await isListening(port)]).toEqual([true, false]);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  expect([await isFree(port), await isListening(port)]).toEqual([false, true]);
  await new Promise((resolve) => server.close(resolve));
  expect(new Set(await Promise.all(Array.from({ length: 20 }, freePort))).size).toBe(20);
});
