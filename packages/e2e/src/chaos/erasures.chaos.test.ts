import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { client, newCompany, type TestResponse, type Client } from '../testing/test-fleet.ts';
import { startChaosFleet, type ChaosFleet } from './chaos-fleet.ts';
import { pendingWork } from './checks.ts';
import { checkErased, erase, eraseThrough, unfinishedErasures, steps } from './erasures.ts';
import { createFaults } from './faults.ts';
import { waitUntilFine, sendWithRetry } from './retry.ts';
import { canary, newCanary, type Canary } from './canaries.ts';
import { scan, tapMessages, type Found } from './scan.ts';
import { createRandom, log } from './seed.ts';

const erasedCount = 200;
const otherCount = 10; // people who are not erased
const kills = 20;

let fleet: ChaosFleet;
let admin: Client & { user: TestResponse['body'] };
let people: Canary[];
beforeAll(async () => {
  fleet = await startChaosFleet('RabbitMQ');
  await tapMessages(fleet);
  admin = await newCompany(fleet.url);
}, 120_000);
afterAll(() => fleet?.end());

/** Runs an async function for each item, a few at a time. */
async function forEach<T>(list: readonly T[], work: (item: T) => Promise<void>, concurrency = 4): Promise<void> {
  const queue = [...list];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}
const marksIn = (found: readonly Found[]) => new Set(found.flatMap(({ marks }) => marks));

test(`${erasedCount + otherCount} people with a unique text in every field: an export contains all texts of one person and none of others`, async () => {
  const { product } = (await admin.post('/api/products', { name: 'Something', price: 1 })).body;
  people = [];
  await forEach(
    Array.from({ length: erasedCount + otherCount }, (_, at) => at),
    async (at) => {
      people[at] = await newCanary(admin, fleet.url, admin.user.company_id, product.number, at);
    },
  );
  expect(await waitUntilFine(() => pendingWork(fleet), Date.now() + 60_000)).toEqual([]);
  const problems: string[] = [];
  await forEach(people, async ({ customer_id, prefix, exportedMarks }) => {
    const { status, body } = await sendWithRetry(admin, '', 'POST', '/api/gdpr/export', { customer_id });
    const text = JSON.stringify(body).toLowerCase();
    const missing = exportedMarks.filter((mark) => !text.includes(mark));
    const others = text.match(new RegExp(`${canary}[a-z0-9]*`, 'g'))?.filter((mark) => !mark.startsWith(prefix)) ?? [];
    if (status !== 200 || missing.length > 0 || others.length > 0)
      problems.push(`${prefix}: ${status}, misses ${missing.join()}, has ${others.join()}`);
  });
  expect(problems).toEqual([]);
});

test('people erased while processes are killed at every step leave no text anywhere; the others keep all', async () => {
  const before = marksIn(await scan(fleet, canary));
  for (const { exportedMarks } of people) expect(exportedMarks.filter((mark) => !before.has(mark))).toEqual([]);
  const [erasedPeople, remaining] = [people.slice(0, erasedCount), people.slice(erasedCount)];
  const requests: { person: Canary; id: string }[] = [];
  for (const [at, step] of steps.entries()) {
    const person = erasedPeople[at] as Canary;
    requests.push({ person, id: await eraseThrough(fleet, admin, person, step) });
    expect(
      await waitUntilFine(() => unfinishedErasures(admin, requests.slice(-1)), Date.now() + 30_000),
      step.name,
    ).toEqual([]);
  }

  const faultRandom = createRandom('erasing faults');
  const faults = createFaults(fleet, faultRandom);
  const rest = erasedPeople.slice(steps.length);
  let done = 0;
  const erasing = forEach(rest, async (person) => {
    requests.push({ person, id: await erase(admin, person) });
    done += 1;
    await sleep(100);
  });
  for (let killed = 0; killed < kills;) {
    while (done < Math.floor((rest.length * (killed + 0.5)) / kills)) await sleep(20);
    await sleep(faultRandom.below(500));
    if (await faults.next(`${done + steps.length} erasures requested`)) killed += 1;
  }
  await Promise.all([erasing, faults.finish()]);
  const last = Date.now();
  expect(await waitUntilFine(() => unfinishedErasures(admin, requests), last + 30_000)).toEqual([]);
  expect(await waitUntilFine(() => pendingWork(fleet), last + 30_000)).toEqual([]);
  log(`${requests.length} people were erased ${((Date.now() - last) / 1000).toFixed(1)} s after the last kill`);

  const { keys } = (await client(fleet.url).get('/.well-known/jwks.json')).body;
  const problems: string[] = [];
  await forEach(requests, async (request) => void problems.push(...(await checkErased(admin, keys, request))));
  expect(problems).toEqual([]);
  const found = await scan(fleet, canary);
  const isRemaining = (mark: string) => remaining.some(({ prefix }) => mark.startsWith(prefix));
  expect(found.filter(({ marks }) => !marks.every(isRemaining))).toEqual([]);
  const left = marksIn(found);
  for (const { exportedMarks } of remaining) expect(exportedMarks.filter((mark) => !left.has(mark))).toEqual([]);
  for (const { customer_id } of remaining)
    expect((await sendWithRetry(admin, '', 'GET', `/api/customers/${customer_id}`)).status).toBe(200);
});
