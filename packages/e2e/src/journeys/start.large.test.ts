import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repoRoot, services } from '@clientela/fleet';
import { childEnv, compileCache, ended, freePort } from '@clientela/testing';
import { expect, onTestFinished, test } from 'vitest';
import { client, newCompany, removeInstallation } from '../testing/test-fleet.ts';

/** Copies the checkout, because an installation is in the folder of its code; what is installed is linked. */
function copyCheckout(): string {
  const root = mkdtempSync(join(tmpdir(), 'clientela-start-'));
  const isOwn = (path: string) => !/\/(?:node_modules|\.git|\.env|\.data[^/]*)$/.test(path);
  cpSync(repoRoot, root, { recursive: true, filter: isOwn });
  const folders = ['services', 'packages'].flatMap((parent) =>
    readdirSync(join(root, parent)).map((name) => join(parent, name)),
  );
  for (const folder of ['', 'gateway', ...folders]) {
    const installed = join(repoRoot, folder, 'node_modules');
    if (existsSync(installed)) symlinkSync(installed, join(root, folder, 'node_modules'));
  }
  return root;
}

test('npm start prints the link of each mail in the terminal and in no log; npm run mails lists and shows the mails', async () => {
  const root = copyCheckout();
  const ports = ['PORT', ...services.map((name) => `${name.toUpperCase()}_PORT`)];
  const env: Record<string, string | undefined> = { ...childEnv, NODE_COMPILE_CACHE: compileCache };
  for (const port of ports) env[port] = String(await freePort());
  const child = spawn(process.execPath, [join(root, 'packages/fleet/src/launcher/start.ts')], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(async () => {
    await ended(child, 'SIGTERM');
    await removeInstallation(join(root, '.data'));
    rmSync(root, { recursive: true, force: true });
  });
  let terminal = '';
  child.stdout.on('data', (chunk: Buffer) => (terminal += chunk.toString()));
  const url = `http://127.0.0.1:${env['PORT']}`;
  await expect.poll(() => terminal, { timeout: 60_000 }).toContain(`Clientela is running at ${url}`);

  const person = await newCompany(url);
  const email = person.user.email as string;
  expect((await person.post('/auth/verify-email/request')).status).toBe(202);
  const printed = () =>
    new RegExp(`mail to ${email}: .+ (${url}/console/verify#token=[\\w-]{43})\n`).exec(terminal)?.[1];
  await expect.poll(printed, { timeout: 15_000 }).toBeDefined();
  const link = printed() ?? '';

  const mails = (...args: string[]) =>
    execFileSync(process.execPath, [join(root, 'packages/fleet/src/commands/mails.ts'), ...args], {
      env,
      encoding: 'utf8',
    });
  expect(mails()).toMatch(new RegExp(`^ +1 +\\S+Z +${email} +\\S.*\n"npm run mails -- 1" shows the first of them.\n$`));
  expect(mails('1')).toMatch(new RegExp(`^Date: \\S+Z\nTo: ${email}\nSubject: `));
  expect(mails('1')).toContain(link);

  const token = link.replace(/.*#token=/, '');
  expect((await client(url).post('/auth/verify-email', { token })).status).toBe(200);
  const folder = join(root, '.data/logs');
  const logs = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  expect(logs.join().length).toBeGreaterThan(1000);
  expect(logs.join()).not.toContain(token);
  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([0, null]);
}, 180_000);
