import { serviceTest, type TestUser, type TestService } from '@clientela/testing';
import type { Response, Test } from 'supertest';
import { expect } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';

const test = serviceTest(() => createTestCustomer({ pool: 10 })).extend('admin', ({ service }) =>
  service.user('admin', service.company()),
);

const path = '/api/customers';
/** Repeats a request while the service rejects it with 503, which changes nothing. */
async function untilServed(send: () => Test): Promise<Response> {
  for (;;) {
    const response = await send();
    if (response.status !== 503) return response;
  }
}
const createCustomer = async (admin: TestUser) =>
  (await admin.post(path, { full_name: 'Ana' }).expect(201)).body.customer;
const twenty = Array.from({ length: 20 }, (_, index) => index);
const record = async (admin: TestUser, id: string) => {
  const { body, headers } = await admin.get(`${path}/${id}`).expect(200);
  return { tags: body.customer.tags as string[], etag: headers['etag'] };
};
const sequencesOf = async (service: TestService, id: string) =>
  (await service.events())
    .filter(({ data, name }) => data['customer_id'] === id && name.startsWith('customer.tag.'))
    .map(({ sequence }) => sequence);

test('20 concurrent tags are all added, each with a version, an event and a label in the record', async ({
  service,
  admin,
}) => {
  const { id } = await createCustomer(admin);
  const responses = await Promise.all(
    twenty.map((n) => untilServed(() => admin.post(`${path}/${id}/tags`, { label: `t${n}`, priority: n }))),
  );
  expect(responses.map(({ status }) => status)).toEqual(twenty.map(() => 201));
  expect(await record(admin, id)).toEqual({ tags: twenty.map((n) => `t${n}`).toReversed(), etag: '"21"' });
  expect(await sequencesOf(service, id)).toEqual(twenty.map((n) => n + 2));
  expect(new Set(responses.map(({ headers }) => headers['etag'])).size).toBe(20);
  const { history } = (await admin.get(`${path}/${id}/history?per_page=100`).expect(200)).body;
  const [newest, ...older] = history.slice(0, 20) as { at: string; changes: { from: string[]; to: string[] }[] }[];
  let after = newest;
  for (const entry of older) {
    expect(entry.changes[0]?.to).toEqual(after?.changes[0]?.from);
    expect(entry.at <= (after?.at ?? '')).toBe(true);
    after = entry;
  }

  const tags = responses.map(({ body }) => body.tag.id as string);
  await Promise.all(tags.map((tag) => untilServed(() => admin.delete(`${path}/tags/${tag}`))));
  expect(await record(admin, id)).toEqual({ tags: [], etag: '"41"' });
  expect(await sequencesOf(service, id)).toEqual(Array.from({ length: 40 }, (_, n) => n + 2));
});

test('of 20 concurrent calls with one label one succeeds, and of 20 removals one', async ({ service, admin }) => {
  const { id } = await createCustomer(admin);
  const responses = await Promise.all(
    twenty.map((n) =>
      untilServed(() => admin.post(`${path}/${id}/tags`, { labels: [`t${n}`, n % 2 ? 'VIP' : 'vip'] })),
    ),
  );
  expect(responses.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
    201,
    ...Array<number>(19).fill(409),
  ]);
  const { tags } = responses.find(({ status }) => status === 201)?.body ?? {};
  for (const { body } of responses.filter(({ status }) => status === 409))
    expect(body).toMatchObject({ errors: [{ path: 'labels.1' }], existing: { id: tags[1].id } });
  expect((await record(admin, id)).tags).toHaveLength(2);
  const removed = await Promise.all(
    twenty.map(() => untilServed(() => admin.delete(`${path}/${id}/tags/${tags[1].id}`))),
  );
  expect(removed.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, ...Array<number>(19).fill(404)]);
  expect(await sequencesOf(service, id)).toEqual([2, 3, 4]);
});

test('concurrent tags and a deletion: every 201 is stored, and nothing is added after the deletion', async ({
  admin,
}) => {
  const { id } = await createCustomer(admin);
  const [deleted, ...responses] = await Promise.all([
    untilServed(() => admin.delete(`${path}/${id}`)),
    ...twenty.map((n) => untilServed(() => admin.post(`${path}/${id}/tags`, { label: `t${n}` }))),
  ]);
  expect(deleted?.status).toBe(200);
  const done = responses.filter(({ status }) => status === 201).length;
  expect(responses.filter(({ status }) => status === 409)).toHaveLength(20 - done);
  expect((await record(admin, id)).tags).toHaveLength(done);
});
