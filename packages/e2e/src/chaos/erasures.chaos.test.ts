import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { client, newCompany, type Answer, type Client } from '../testing/test-fleet.ts';
import { chaosStreet, type ChaosStreet } from './chaos-fleet.ts';
import { nothingWaits } from './checks.ts';
import { afterwards, erase, eraseThrough, notErased, steps } from './erasures.ts';
import { faultsOf } from './faults.ts';
import { settles, untilAnswered } from './retry.ts';
import { canary, newCanary, type Canary } from './canaries.ts';
import { scan, tapMessages, type Found } from './scan.ts';
import { dice, tell } from './seed.ts';

const erased = 200;
const kept = 10; // besides: what is theirs stays
const kills = 20;

let street: ChaosStreet;
let admin: Client & { user: Answer['body'] };
let people: Canary[];
beforeAll(async () => {
  street = await chaosStreet('RabbitMQ');
  await tapMessages(street);
  admin = await newCompany(street.url);
}, 120_000);
afterAll(() => street?.end());

/** Does something for each, a few at a time. */
async function forEach<T>(list: readonly T[], work: (one: T) => Promise<void>, at_once = 4): Promise<void> {
  const queue = [...list];
  const worker = async () => {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) await work(one);
  };
  await Promise.all(Array.from({ length: at_once }, worker));
}
const marksIn = (found: readonly Found[]) => new Set(found.flatMap(({ marks }) => marks));

test(`${erased + kept} people with a text of their own in every field: an export has all of one, and nothing of others`, async () => {
  const { product } = (await admin.post('/api/products', { name: 'Something', price: 1 })).body;
  people = [];
  await forEach(
    Array.from({ length: erased + kept }, (_, at) => at),
    async (at) => {
      people[at] = await newCanary(admin, street.url, admin.user.company_id, product.number, at);
    },
  );
  expect(await settles(() => nothingWaits(street), Date.now() + 60_000)).toEqual([]);
  const wrong: string[] = [];
  await forEach(people, async ({ customer_id, own, shown }) => {
    const { status, body } = await untilAnswered(admin, '', 'POST', '/api/gdpr/export', { customer_id });
    const text = JSON.stringify(body).toLowerCase();
    const missing = shown.filter((mark) => !text.includes(mark));
    const others = text.match(new RegExp(`${canary}[a-z0-9]*`, 'g'))?.filter((mark) => !mark.startsWith(own)) ?? [];
    if (status !== 200 || missing.length > 0 || others.length > 0)
      wrong.push(`${own}: ${status}, misses ${missing.join()}, has ${others.join()}`);
  });
  expect(wrong).toEqual([]);
});

test('erased while services are killed, in each step too: nothing of them is left anywhere, and all of the others', async () => {
  const before = marksIn(await scan(street, canary));
  for (const { shown } of people) expect(shown.filter((mark) => !before.has(mark))).toEqual([]);
  const [gone, stay] = [people.slice(0, erased), people.slice(erased)];
  const requests: { person: Canary; id: string }[] = [];
  for (const [at, step] of steps.entries()) {
    const person = gone[at] as Canary;
    requests.push({ person, id: await eraseThrough(street, admin, person, step) });
    expect(await settles(() => notErased(admin, requests.slice(-1)), Date.now() + 30_000), step.name).toEqual([]);
  }

  const chance = dice('erasing faults');
  const faults = faultsOf(street, chance);
  const rest = gone.slice(steps.length);
  let done = 0;
  const erasing = forEach(rest, async (person) => {
    requests.push({ person, id: await erase(admin, person) });
    done += 1;
    await sleep(100);
  });
  for (let killed = 0; killed < kills;) {
    while (done < Math.floor((rest.length * (killed + 0.5)) / kills)) await sleep(20);
    await sleep(chance.below(500));
    if (await faults.next(`${done + steps.length} erasures asked for`)) killed += 1;
  }
  await Promise.all([erasing, faults.over()]);
  const last = Date.now();
  expect(await settles(() => notErased(admin, requests), last + 30_000)).toEqual([]);
  expect(await settles(() => nothingWaits(street), last + 30_000)).toEqual([]);
  tell(`${requests.length} people were erased ${((Date.now() - last) / 1000).toFixed(1)} s after the last kill`);

  const { keys } = (await client(street.url).get('/.well-known/jwks.json')).body;
  const wrong: string[] = [];
  await forEach(requests, async (request) => void wrong.push(...(await afterwards(admin, keys, request))));
  expect(wrong).toEqual([]);
  const found = await scan(street, canary);
  const theirs = (mark: string) => stay.some(({ own }) => mark.startsWith(own));
  expect(found.filter(({ marks }) => !marks.every(theirs))).toEqual([]);
  const left = marksIn(found);
  for (const { shown } of stay) expect(shown.filter((mark) => !left.has(mark))).toEqual([]);
  for (const { customer_id } of stay)
    expect((await untilAnswered(admin, '', 'GET', `/api/customers/${customer_id}`)).status).toBe(200);
});
