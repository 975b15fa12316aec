import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { isAlive } from '@clientela/embedded-postgres';
import { expect, test } from 'vitest';

test('a server ends with the process that started it, also when that is killed', async () => {
  const script = `
    import { spawn } from 'node:child_process';
    import { endWithThisProcess } from ${JSON.stringify(join(import.meta.dirname, 'child.ts'))};
    const server = spawn('sleep', ['60'], { stdio: 'ignore' });
    endWithThisProcess(server);
    console.log(server.pid);
    setInterval(() => {}, 1000);
  `;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [output] = (await once(parent.stdout, 'data')) as [Buffer];
  const server = Number(output.toString());
  expect(isAlive(server)).toBe(true);
  parent.kill('SIGKILL');
  await expect.poll(() => isAlive(server), { timeout: 5000, interval: 10 }).toBe(false);
});
