import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { findPostgres, freePort, startedAt } from '@clientela/embedded-postgres';
import { peers, repoRoot, services } from '@clientela/fleet';
import { childEnv, dataFolder } from '@clientela/testing';
import { expect, onTestFinished, test, vi } from 'vitest';
import { isReady, rows, stubInstallation } from '../testing/stub-installation.ts';
import { removeInstallation } from '../testing/test-fleet.ts';

const { folder, optionsOf, start } = stubInstallation();

test('another fleet runs beside one, with its own secrets', async () => {
  const elsewhere = dataFolder('fleet-');
  onTestFinished(() => removeInstallation(elsewhere));
  const [fleet, other] = [await start(), await start({ folder: elsewhere })];
  expect([await isReady(fleet.url), await isReady(other.url)]).toEqual([true, true]);
  expect(other.secrets.ownSecrets.auth).not.toBe(fleet.secrets.ownSecrets.auth);
});

test('ends all processes when the supervisor is killed; a start immediately after that finds the data', async () => {
  const variables = ['PORT', ...services.map((service) => `${service.toUpperCase()}_PORT`)];
  const ports = await Promise.all(variables.map(async (name) => [name, String(await freePort())] as const));
  const options = optionsOf({ freePorts: false, env: Object.fromEntries(ports) });
  const script = `
    import { startFleet } from ${JSON.stringify(join(repoRoot, 'packages/fleet/src/launcher/fleet.ts'))};
    const fleet = await startFleet(${JSON.stringify(options)});
    console.log(JSON.stringify({ pids: ${JSON.stringify(peers)}.map((peer) => fleet.pid(peer)), url: fleet.databases.auth.url }));
  `;
  const startSupervisor = async () => {
    const supervisor = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: childEnv,
    });
    const [line] = (await once(supervisor.stdout, 'data')) as [Buffer];
    const { pids, url } = JSON.parse(String(line)) as { pids: number[]; url: string };
    return { supervisor, pids, url };
  };

  const first = await startSupervisor();
  await rows(first.url, 'insert into things values (7)');
  first.supervisor.kill('SIGKILL');
  await vi.waitUntil(() => first.pids.every((pid) => startedAt(pid) === undefined), { timeout: 45_000 });
  await vi.waitUntil(async () => (await findPostgres(folder)) === undefined, { timeout: 45_000 });

  const { supervisor } = await startSupervisor();
  supervisor.kill('SIGKILL');
  await once(supervisor, 'exit');
  const fleet = await start(options);
  expect(await isReady(fleet.url)).toBe(true);
  expect(await rows(fleet.databases.auth.url, 'select * from things where id = 7')).toEqual([{ id: 7 }]);
});
