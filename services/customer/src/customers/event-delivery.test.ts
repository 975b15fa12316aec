import { randomUUID } from 'node:crypto';
import { events as eventCatalogue } from '@clientela/contracts';
import { startEvents, type Events } from '@clientela/events';
import {
  someRuns,
  stubServer,
  type TestUser,
  type Company,
  type StubServer,
  type TestService,
} from '@clientela/testing';
import { createLog } from '@clientela/runtime';
import type { Response, Test } from 'supertest';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';

let service: TestService;
let company: Company;
let admin: TestUser;
let interaction: StubServer;
let favorites: StubServer;
let events: Events;

beforeAll(async () => {
  service = await createTestCustomer({ pool: 12 });
  company = service.company();
  admin = service.user('admin', company);
  [interaction, favorites] = await Promise.all([stubServer('interaction'), stubServer('favorites')]);
  const { db, url } = service.database;
  events = startEvents({
    db,
    url,
    service: 'customer',
    subscriptions: [],
    client: (name) => (name === 'auth' ? undefined : { interaction, favorites }[name].client),
    settings: { RABBITMQ_EXCHANGE: 'test' },
    log: createLog('customer', 'silent', { redact: [] }),
  });
});
afterAll(async () => {
  await events.stop();
  await Promise.all([interaction.close(), favorites.close()]);
  await service.close();
});

const path = '/api/customers';
const createCustomer = async (body: object = { full_name: 'Ana' }) =>
  (await admin.post(path, body).expect(201)).body.customer;
const confirms = () => ({ status: 200, body: { processed: true } });
const disconnects = () => undefined;
/** Lists the events of one customer that were sent to a subscriber, confirmed or not. */
const sentTo = (subscriber: StubServer, id: string) =>
  subscriber.calls
    .map(({ body }) => body as { id: string; name: string; sequence: number; data: Record<string, unknown> })
    .filter(({ data }) => data['customer_id'] === id);
const pendingFor = (id: string) =>
  service.database
    .owner('outbox_deliveries as d')
    .join('outbox_events as e', 'e.id', 'd.event_id')
    .whereRaw(`e.envelope -> 'data' ->> 'customer_id' = ?`, [id])
    .whereNot('d.subscriber', 'auth') // subscribes to everything and has no stub here
    .pluck('d.subscriber');
const until = <T>(look: () => T | Promise<T>) => vi.waitFor(look, { timeout: 45_000, interval: 20 });

describe('the event of a removal', () => {
  test('reaches both subscribers once after an outage, and one outage does not delay the other', async () => {
    interaction.respond(disconnects);
    favorites.respond(disconnects);
    const customer = await createCustomer();
    await admin.delete(`${path}/${customer.id}?hard_delete=true`).expect(200);
    await until(() =>
      expect(sentTo(interaction, customer.id).length * sentTo(favorites, customer.id).length).toBeGreaterThan(0),
    );
    expect(await pendingFor(customer.id)).toHaveLength(2);

    favorites.respond(confirms);
    await until(async () => expect(await pendingFor(customer.id)).toEqual(['interaction']));
    const confirmed = sentTo(favorites, customer.id).length;

    interaction.respond(confirms);
    await until(async () => expect(await pendingFor(customer.id)).toEqual([]));
    const last = sentTo(interaction, customer.id).length;
    const other = await createCustomer(); // a later event is delivered; the earlier one is not sent again
    await admin.delete(`${path}/${other.id}`).expect(200);
    await until(() =>
      expect([sentTo(interaction, other.id).length, sentTo(favorites, other.id).length]).toEqual([1, 1]),
    );
    expect([sentTo(favorites, customer.id).length, sentTo(interaction, customer.id).length]).toEqual([confirmed, last]);
    const envelope = sentTo(favorites, customer.id).at(-1);
    expect(envelope).toMatchObject({
      name: 'customer.deleted',
      sequence: 2,
      data: { customer_id: customer.id, number: customer.number, hard: true },
    });
    expect(
      new Set([...sentTo(favorites, customer.id), ...sentTo(interaction, customer.id)].map(({ id }) => id)).size,
    ).toBe(1);
  });

  test('is not published after a rollback', async () => {
    interaction.respond(confirms);
    favorites.respond(confirms);
    const customer = await createCustomer();
    const { owner } = service.database;
    await owner.raw(
      `create function reject_delete() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$`,
    );
    await owner.raw(
      'create constraint trigger reject_delete after delete on customers deferrable initially deferred for each row execute function reject_delete()',
    );
    await admin.delete(`${path}/${customer.id}?hard_delete=true`).expect(500);
    await owner.raw('drop function reject_delete() cascade');
    expect((await admin.get(`${path}/${customer.id}`).expect(200)).body.customer).toEqual(customer);
    expect(
      (await service.events('customer.deleted')).filter(({ data }) => data['customer_id'] === customer.id),
    ).toEqual([]);
    const later = await createCustomer();
    await admin.delete(`${path}/${later.id}?hard_delete=true`).expect(200);
    await until(() => expect(sentTo(interaction, later.id)).toHaveLength(1));
    expect(sentTo(interaction, customer.id)).toEqual([]);
  });
});

/** Repeats a request while the service rejects it with 503, which changes nothing. */
async function untilServed(send: () => Test): Promise<Response> {
  for (;;) {
    const response = await send();
    if (response.status !== 503) return response;
  }
}

describe('concurrent requests', () => {
  test('creates with one e-mail: one succeeds, the others are a 409', async () => {
    const responses = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        admin.post(path, { full_name: `Racer ${i}`, email: i % 2 ? 'race@example.com' : 'RACE@example.com' }),
      ),
    );
    expect(responses.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      201,
      ...Array<number>(19).fill(409),
    ]);
    const winner = responses.find(({ status }) => status === 201)?.body.customer;
    for (const { body } of responses.filter(({ status }) => status === 409))
      expect(body).toMatchObject({ error_code: 'CUSTOMER_EMAIL_TAKEN', existing: { id: winner.id } });
    expect((await admin.get(`${path}?search=racer`)).body.total).toBe(1);
  });

  test('concurrent changes of one version: one succeeds and publishes an event', async () => {
    const customer = await createCustomer();
    const count = someRuns(100, 20); // all: event-delivery.large.test.ts
    for (const version of [1, 2, 3]) {
      const responses = await Promise.all(
        Array.from({ length: count }, (_, city_id) =>
          untilServed(() =>
            admin.patch(`${path}/${customer.id}`, { city_id: version * 100 + city_id }).set('If-Match', `"${version}"`),
          ),
        ),
      );
      expect(responses.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
        200,
        ...Array<number>(count - 1).fill(412),
      ]);
      const { body, headers } = await admin.get(`${path}/${customer.id}`);
      expect(headers['etag']).toBe(`"${version + 1}"`);
      expect(body.customer).toEqual(responses.find(({ status }) => status === 200)?.body.customer);
    }
    const published = (await service.events('customer.updated')).filter(
      ({ data }) => data['customer_id'] === customer.id,
    );
    expect(published.map(({ sequence }) => sequence)).toEqual([2, 3, 4]);
    const { history } = (await admin.get(`${path}/${customer.id}/history`)).body;
    expect(history).toHaveLength(4);
  }, 120_000);

  test('unconditional changes all succeed, each with its own version', async () => {
    const customer = await createCustomer();
    const fields = ['firstname', 'lastname', 'external_id', 'gender', 'city_id', 'birthday'] as const;
    const values = {
      firstname: 'F',
      lastname: 'L',
      external_id: 'race-1',
      gender: 'other',
      city_id: 1,
      birthday: '2000-01-01',
    };
    await Promise.all(
      fields.map((field) => admin.patch(`${path}/${customer.id}`, { [field]: values[field] }).expect(200)),
    );
    expect((await admin.get(`${path}/${customer.id}`)).body.customer).toMatchObject(values);
    const sequences = (await service.events('customer.updated'))
      .filter(({ data }) => data['customer_id'] === customer.id)
      .map(({ sequence }) => sequence);
    expect(sequences.toSorted((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7]);
  });
});

describe('events about a customer with a user', () => {
  const link = async () => {
    const user_id = randomUUID();
    const customer = await createCustomer({ full_name: 'Linked', email: `${user_id}@example.com`, user_id });
    return { user_id, at: `${path}/${customer.id}`, ids: { customer_id: customer.id, number: customer.number } };
  };
  const publishedAbout = async (customer_id: string) =>
    (await service.events()).filter(({ data }) => data['customer_id'] === customer_id);

  test.each([true, false])('carry user_id where there is one: %s', async (isLinked) => {
    const linked = await link();
    const unlinked = await createCustomer();
    const [at, ids] = isLinked
      ? [linked.at, { ...linked.ids, user_id: linked.user_id }]
      : [`${path}/${unlinked.id}`, { customer_id: unlinked.id, number: unlinked.number }];
    await admin.patch(at, { city_id: 3 }).expect(200);
    await admin.patch(`${at}/type`, { type: 'vip' }).expect(200);
    await admin.patch(`${at}/status`, { status: 'inactive' }).expect(200);
    const { tag } = (await admin.post(`${at}/tags`, { label: 'VIP' }).expect(201)).body;
    await admin.delete(`${at}/tags/${tag.id}`).expect(200);
    await admin.post(`${at}/notes`, { content: 'Called' }).expect(201);
    await admin.delete(at).expect(200);
    await admin.patch(`${at}/activate`).expect(200);
    await admin.delete(`${at}?hard_delete=true`).expect(200);
    const published = await publishedAbout(ids.customer_id);
    const erased = 'customer.erased'; // needs a request: see privacy/erasure.test.ts
    const names = eventCatalogue.customer.map(({ name }) => name);
    expect(new Set(published.map(({ name }) => name))).toEqual(
      new Set(names.filter((name) => name !== erased && name.startsWith('customer.'))),
    );
    for (const { name, data } of published) {
      const { customer_id, number, user_id } = data;
      expect({ name, customer_id, number, ...(user_id !== undefined && { user_id }) }).toEqual({ name, ...ids });
    }
  });

  test('carry the user from the change that links it', async () => {
    const user_id = randomUUID();
    const { id } = await createCustomer();
    await admin.patch(`${path}/${id}`, { user_id }).expect(200);
    expect((await publishedAbout(id)).map(({ data }) => data['user_id'])).toEqual([undefined, user_id]);
  });

  test('let a subscriber that knows the person by user_id react to a hard delete', async () => {
    const accounts = new Map<unknown, string>();
    favorites.respond((_path, body) => {
      const { name, data } = body as { name: string; data: Record<string, unknown> };
      if (name === 'customer.deleted' && data['hard']) accounts.delete(data['user_id']);
      return confirms();
    });
    interaction.respond(confirms);
    const [kept, removed] = [await link(), await link()];
    for (const { user_id } of [kept, removed]) accounts.set(user_id, 'account');
    await admin.delete(`${removed.at}?hard_delete=true`).expect(200);
    await until(() => expect([...accounts.keys()]).toEqual([kept.user_id]));
  });
});
