import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { client, type TestFleet } from './test-fleet.ts';

const password = 'correct horse battery';

/**
 * Signs in concurrently: none is refused.
 * @returns how many times /health of auth responded before the last sign-in
 */
export async function checkConcurrentSignIns(fleet: TestFleet, amounts: { users: number; signIns: number }) {
  const anonymous = client(fleet.url);
  const emails = Array.from({ length: amounts.users }, () => `${randomUUID()}@example.com`);
  for (const email of emails)
    expect((await anonymous.post('/auth/register', { email, password, name: 'Ana' })).status).toBe(201);
  let pending = amounts.signIns;
  const signIn = async (n: number) => {
    const email = emails[n % emails.length];
    const { status, body } = await anonymous.post('/auth/login', { email, password });
    pending -= 1;
    return { status, error: body.error_code };
  };
  const running = Promise.all(Array.from({ length: amounts.signIns }, (_, n) => signIn(n)));
  let healthy = 0;
  while (pending > 0) {
    const { status } = await fetch(`http://127.0.0.1:${fleet.ports.auth}/health`);
    expect(status).toBe(200);
    if (pending > 0) healthy += 1;
    await sleep(20);
  }
  const responses = await running;
  expect(responses.filter(({ status }) => status !== 200)).toEqual([]);
  return healthy;
}
