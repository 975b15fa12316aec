import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { childEnv, ended, serviceTest } from '@clientela/testing';
import { describe, expect } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';
import { isAlive, queueChunkJob, upTo } from './testing/chunk-job.ts';

const test = serviceTest(() => createTestCustomer({ pool: 4 })).extend(
  'startParent',
  async ({ service }, { onCleanup }) => {
    const parents: ChildProcess[] = [];
    onCleanup(async () => void (await Promise.all(parents.map((parent) => ended(parent, 'SIGTERM')))));
    return (): ChildProcess => {
      const parent = spawn(process.execPath, [new URL('testing/jobs-parent.ts', import.meta.url).pathname], {
        env: { ...childEnv, TEST_DATABASE_URL: service.database.url },
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      });
      parents.push(parent);
      return parent;
    };
  },
);
const minutes = 60_000;

describe('a job', () => {
  test(
    'goes on after the service was killed, whose child process ends by itself',
    async ({ service, company, admin, startParent }) => {
      const job = await queueChunkJob(service, company.id, { chunks: 60 });
      const parent = startParent();
      const child = await job.pidOfChunk(10);
      await ended(parent, 'SIGKILL');
      const killedAt = performance.now();
      await expect.poll(() => isAlive(child), { timeout: 5000 }).toBe(false);
      expect((await admin.get(`/api/v1/jobs/${job.id}`)).body.status).toBe('queued');
      startParent();
      const written = (await job.chunks()).length;
      expect(await job.pidOfChunk(written + 1)).not.toBe(child);
      expect(performance.now() - killedAt).toBeLessThan(10_000);
      await job.pidOfChunk(60);
      expect(await job.chunks()).toEqual(upTo(60));
    },
    minutes,
  );

  test(
    'survives twenty kills of its process at random moments',
    async ({ service, company, admin, startParent }) => {
      const job = await queueChunkJob(service, company.id, { chunks: 200 });
      startParent();
      let kills = 0;
      while (kills < 20) {
        const pid = await job.pidOfChunk((await job.chunks()).length + 1);
        await sleep(Math.random() * 300);
        if (!isAlive(pid)) continue;
        process.kill(pid, 'SIGKILL');
        kills += 1;
      }
      await job.pidOfChunk(200);
      expect(await job.chunks()).toEqual(upTo(200));
      await expect
        .poll(async () => (await admin.get(`/api/v1/jobs/${job.id}`)).body)
        .toMatchObject({ status: 'done', done: 200 });
    },
    5 * minutes,
  );

  test(
    'goes on after its process hung, which is killed',
    async ({ service, company, startParent }) => {
      const job = await queueChunkJob(service, company.id, { chunks: 10, hangs_at: 5 });
      startParent();
      const hung = await job.pidOfChunk(4);
      const startedAt = performance.now();
      await job.pidOfChunk(10);
      expect(performance.now() - startedAt).toBeLessThan(1.5 * minutes);
      expect(isAlive(hung)).toBe(false);
      expect(await job.chunks()).toEqual(upTo(10));
    },
    3 * minutes,
  );

  test(
    'leaves no process behind when there is no other',
    async ({ service, company, startParent }) => {
      const job = await queueChunkJob(service, company.id, { chunks: 2 });
      startParent();
      const child = await job.pidOfChunk(2);
      await expect.poll(() => isAlive(child), { timeout: 20_000 }).toBe(false);
    },
    minutes,
  );
});
