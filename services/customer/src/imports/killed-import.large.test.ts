import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { peopleFile, startServiceProcess, stateOf } from './testing/service-process.ts';

const rows = Number(process.env['KILLED_ROWS'] ?? 200_000);
const kills = Number(process.env['KILLS'] ?? 20);

test(
  'an import of 200,000 rows that is killed at 20 random moments ends like one that was not',
  { timeout: 3_600_000 },
  async () => {
    const service = await startServiceProcess();
    try {
      const file = peopleFile(rows);
      const states = [];
      for (const isKilled of [false, true]) {
        const { company_id, id } = await service.upload(file);
        const state = () => service.importOf(company_id, id);
        for (let kill = 0; isKilled && kill < kills; kill += 1) {
          // At a random moment of each twentieth of the file; every fourth time the whole service.
          const until = ((kill + Math.random()) * rows * 0.9) / kills;
          while ((await state()).read < until) await sleep(50 + Math.random() * 100);
          expect((await state()).status).not.toBe('done');
          if (kill % 4 === 3) await service.killService();
          else service.killJobs();
        }
        while (!['done', 'failed'].includes((await state()).status)) {
          service.jobsMemory();
          await sleep(500);
        }
        states.push(await stateOf(service, company_id, id));
      }
      expect(states[1]).toEqual(states[0]);
      expect(states[0]?.counts).toMatchObject({ status: 'done', read: rows });
      expect(service.jobsMemory()).toBeLessThan(250);
    } finally {
      await service.close();
    }
  },
);
