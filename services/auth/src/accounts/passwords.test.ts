import { expect, test } from 'vitest';
import { createPasswords } from './passwords.ts';

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
      const verdict = await passwords.verify('wrong horse battery', async () => against);
      expect(verdict).toEqual({ isValid: false });
    }
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  const wrong = await work(hash);
  expect(await work(undefined)).toBeGreaterThan(wrong / 3);
});
