import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { expect, onTestFinished, test } from 'vitest';
import { createExpressMessages } from './express-messages.ts';

async function start(name: string) {
  const app = express();
  app.set('name', name);
  app.get('/', (request, response) => response.json({ name: request.app.get('name'), hostname: request.hostname }));
  const messages = createExpressMessages();
  const prototypes: unknown[] = [];
  const server = createServer(messages.options, (request, response) => {
    const born = [Object.getPrototypeOf(request), Object.getPrototypeOf(response)];
    app(request, response);
    prototypes.push(born[0] === Object.getPrototypeOf(request), born[1] === Object.getPrototypeOf(response));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return { adopt: () => messages.adopt(app), call: async () => (await fetch(url)).json(), prototypes };
}

test('requests and responses have the prototypes of their app, which Express then leaves as they are', async () => {
  const one = await start('one');
  const two = await start('two');
  one.adopt();
  two.adopt();
  expect(await one.call()).toEqual({ name: 'one', hostname: '127.0.0.1' });
  expect(await two.call()).toEqual({ name: 'two', hostname: '127.0.0.1' });
  expect([...one.prototypes, ...two.prototypes]).toEqual([true, true, true, true]);
});

test('before an app is adopted, Express gives them its own', async () => {
  const { call, prototypes } = await start('late');
  expect(await call()).toEqual({ name: 'late', hostname: '127.0.0.1' });
  expect(prototypes).toEqual([false, false]);
});
