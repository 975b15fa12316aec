import { expect, test } from 'vitest';
import { peopleFile, startServiceProcess, stateOf } from './testing/service-process.ts';

test('an import whose process is killed goes on, and ends like one that was not', async () => {
  const service = await startServiceProcess();
  try {
    const file = peopleFile(1200);
    const states = [];
    for (const isKilled of [false, true]) {
      const { company_id, id } = await service.upload(file);
      const read = async () => (await service.importOf(company_id, id)).read;
      if (isKilled) {
        await expect.poll(read, { interval: 5 }).toBeGreaterThan(0);
        expect(service.killJobs()).toBe(true);
        expect(await read()).toBeLessThan(1200);
      }
      await expect.poll(async () => (await service.importOf(company_id, id)).status, { timeout: 40_000 }).toBe('done');
      states.push(await stateOf(service, company_id, id));
    }
    expect(states[1]).toEqual(states[0]);
    expect(states[0]?.counts.read).toBe(1200);
  } finally {
    await service.close();
  }
}, 90_000);
