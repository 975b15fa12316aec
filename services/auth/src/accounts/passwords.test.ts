import { expect, test } from 'vitest';
import { createPasswords } from './passwords.ts';

test('without a hash the answer is no, after the same work', async () => {
  const passwords = createPasswords();
  const password = 'correct horse battery';
  const hash = await passwords.hash(password);
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(await passwords.verify(password, async () => hash)).toEqual({ right: true });

  // Processor time, not the clock's: it does not grow with what else the machine does.
  const work = async (against: string | undefined) => {
    const before = process.cpuUsage();
    for (let n = 0; n < 10; n += 1) {
      const verdict = await passwords.verify('wrong horse battery', async () => against);
      expect(verdict).toEqual({ right: false });
    }
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  const wrong = await work(hash);
  expect(await work(undefined)).toBeGreaterThan(wrong / 3);
});
