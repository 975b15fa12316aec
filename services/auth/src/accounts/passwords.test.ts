import { expect, test } from 'vitest';
import { testHashingCost } from '../testing/test-auth.ts';
import { createPasswords, passwordDeadlines, passwordLimits } from './passwords.ts';

test('verification without a hash fails after equal work', async () => {
  const passwords = createPasswords();
  const password = 'correct horse battery';
  const hash = await passwords.hash(password);
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(await passwords.verify(password, async () => hash)).toEqual({ isValid: true });

  // Measures CPU time, which does not depend on other load of the machine.
  const work = async (against: string | undefined) => {
    const before = process.cpuUsage();
    for (let n = 0; n < 10; n += 1) {
      const check = await passwords.verify('wrong horse battery', async () => against);
      expect(check).toEqual({ isValid: false });
    }
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  const wrong = await work(hash);
  expect(await work(undefined)).toBeGreaterThan(wrong / 3);
});

test('300 sign-ins at once wait their turn within the deadline', async () => {
  const passwords = createPasswords({ cost: testHashingCost });
  const hash = await passwords.hash('correct horse battery');
  const checks = await Promise.all(
    Array.from({ length: 300 }, () => passwords.verify('correct horse battery', async () => hash)),
  );
  expect(checks.filter(({ isValid }) => isValid)).toHaveLength(300);
  expect(passwordLimits.queueTimeoutMs).toBeLessThan(passwordDeadlines.deadline);
});

test('rejects a request with a 503 when the queue is full, the wait times out or the client disconnects', async () => {
  const limits = { concurrency: 1, maxQueued: 2, queueTimeoutMs: 50 };
  const passwords = createPasswords({ cost: testHashingCost, limits });
  const overloaded = expect.objectContaining({ kind: 'unavailable', headers: { 'Retry-After': '5' } });
  const { promise: stored, resolve } = Promise.withResolvers<string | undefined>();
  const blocking = passwords.verify('password', () => stored);
  const disconnected = new AbortController();
  const aborted = passwords.hash('password', disconnected.signal);
  const timedOut = passwords.hash('password');
  await expect(passwords.hash('password')).rejects.toEqual(overloaded);
  disconnected.abort();
  await expect(aborted).rejects.toEqual(overloaded);
  await expect(timedOut).rejects.toEqual(overloaded);
  resolve(undefined);
  expect(await blocking).toEqual({ isValid: false });
  expect(await passwords.hash('password')).toMatch(/^\$argon2id\$/);
});
