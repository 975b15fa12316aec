import { freePort } from '@clientela/embedded-postgres';
import { sharedBroker } from '@clientela/testing';
import { expect, test } from 'vitest';
import { describeTransport } from './transport.ts';

const describeBroker = (RABBITMQ_URL?: string) =>
  describeTransport({ overrides: RABBITMQ_URL === undefined ? {} : { RABBITMQ_URL } });

test('says that services deliver events to each other when no broker is set', async () => {
  expect(await describeBroker()).toBe('services deliver events to each other over HTTP');
});

test('says whether the broker answers, and why not, without its password', async () => {
  const url = new URL(await sharedBroker());
  expect(await describeBroker(url.href)).toBe(`events go through RabbitMQ at ${url.host}, which answers`);
  url.password = 'wrong';
  expect(await describeBroker(url.href)).toBe(
    `events go through RabbitMQ at ${url.host}, which does not answer (it refuses the user and password): they wait in the databases`,
  );
  const port = await freePort();
  expect(await describeBroker(`amqp://user:secret@127.0.0.1:${port}`)).toBe(
    `events go through RabbitMQ at 127.0.0.1:${port}, which does not answer (ECONNREFUSED): they wait in the databases`,
  );
});
