import { randomUUID } from 'node:crypto';
import type { FailedEvent } from '@clientela/contracts';
import { stubServer, type TestUser, type StubServer } from '@clientela/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestAuth, type TestAuth } from '../testing/test-auth.ts';

const path = '/api/v1/events/failed';
let auth: TestAuth;
let customer: StubServer;
let product: StubServer;
let superuser: TestUser;
const company = { id: '' }; // a stored one

/** The failed events that the stubbed customer service stores. */
let customerFailures: FailedEvent[] = [];
const minute = (at: number) => `2026-01-01T00:${String(at).padStart(2, '0')}:00.000Z`;
const failure = (at: number, business_id: string | null = company.id): FailedEvent => ({
  id: randomUUID(),
  name: 'customer.created',
  occurred_at: minute(0),
  business_id,
  sequence: 1,
  data: { customer_id: randomUUID(), number: 10_000_000 },
  service: 'customer',
  subscriber: 'auth',
  attempts: 10,
  reason: 'answered 500',
  failed_at: minute(at),
});
/** Inserts a dead letter of auth as a subscriber. */
async function failInAuth(at: number, company_id: string | null = company.id): Promise<string> {
  const { service: _service, business_id: _company, ...event } = failure(at);
  const envelope = { ...event, company_id, actor_id: 'service:customer', request_id: 'request-1' };
  const row = { event_id: event.id, envelope, attempts: 7, reason: 'Error: no', failed_at: minute(at) };
  await auth.database.owner('dead_letters').insert(row);
  return event.id;
}

beforeAll(async () => {
  [customer, product] = await Promise.all([stubServer('customer'), stubServer('product')]);
  auth = await createTestAuth({ services: [customer.client, product.client] });
  superuser = auth.user('superuser');
  const { user } = await auth.register();
  company.id = user.business_id ?? '';
});
afterAll(async () => {
  await Promise.all([customer.close(), product.close(), auth.close()]);
});
beforeEach(async () => {
  customerFailures = [];
  customer.calls.length = 0;
  await auth.database.owner('dead_letters').delete();
  await auth.database.owner('outbox_events').delete();
  customer.respond((url) => {
    const { pathname, searchParams: query } = new URL(url, 'http://customer');
    const [, found, isDropped] = /failed\/([^/]+?)(\/drop)?$/.exec(pathname) ?? [];
    if (found && found !== 'failed') {
      const events = customerFailures.filter(({ id, business_id }) => id === found && business_id === company.id);
      if (isDropped) customerFailures = customerFailures.filter((failed) => !events.includes(failed));
      return { status: 200, body: isDropped ? { dropped: events.length } : { events } };
    }
    const resent = /failed\/([^/]+)\/resend/.exec(pathname)?.[1];
    if (resent)
      return customerFailures.some(({ id }) => id === resent) ? { status: 200, body: { resent: 1 } } : { status: 404 };
    const ownFailure = customerFailures.filter(
      ({ business_id }) => !query.has('company_id') || query.get('company_id') === business_id,
    );
    const older = ownFailure.filter(
      ({ failed_at }) => !query.has('failed_at') || failed_at < (query.get('failed_at') ?? ''),
    );
    return { status: 200, body: { events: older.slice(0, Number(query.get('limit'))) } };
  });
  product.respond((url) => (url.endsWith('/resend') ? { status: 404 } : { status: 200, body: { events: [] } }));
  await auth.database.owner('audit_logs').where({ action: 'event.dropped' }).delete();
});

test('lists failed events of all services, newest first, by cursor', async () => {
  customerFailures = [failure(5), failure(3)];
  const inAuth = [await failInAuth(4), await failInAuth(2)];
  const admin = auth.user('admin', company);
  const { body: first } = await admin.get(`${path}?per_page=3`).expect(200);
  expect(first).toMatchObject({ per_page: 3, unavailable: [] });
  expect(first.events.map(({ id }: FailedEvent) => id)).toEqual([
    customerFailures[0]?.id,
    inAuth[0],
    customerFailures[1]?.id,
  ]);
  expect(first.events[0]).toEqual(customerFailures[0]);
  expect(first.events[1]).toMatchObject({ service: 'auth', subscriber: 'auth', attempts: 7, reason: 'Error: no' });
  const { body: second } = await admin.get(`${path}?per_page=3&cursor=${first.next_cursor}`).expect(200);
  expect(second.events.map(({ id }: FailedEvent) => id)).toEqual([inAuth[1]]);
  expect(second.next_cursor).toBeNull();
  await auth.user('admin', { id: randomUUID() }).get(`${path}?cursor=${first.next_cursor}`).expect(422);
});

test('admins see failed events of their company; superusers see all, including those without a company', async () => {
  const other = randomUUID();
  customerFailures = [failure(9), failure(8, other), failure(7, null)];
  const ownFailure = await failInAuth(6);
  await failInAuth(5, other);
  await failInAuth(4, null);
  const companiesSeenBy = async (client: TestUser) =>
    ((await client.get(path).expect(200)).body.events as FailedEvent[]).map(({ business_id }) => business_id);
  expect(await companiesSeenBy(auth.user('admin', company))).toEqual([company.id, company.id]);
  expect(await companiesSeenBy(superuser)).toEqual([company.id, other, null, company.id, other, null]);
  expect(ownFailure).toBeDefined();
  for (const role of ['manager', 'viewer', 'customer'] as const) {
    await auth.user(role, company).get(path).expect(403);
    await auth.user(role, company).post(`${path}/${ownFailure}/resend`).expect(403);
  }
});

test('names an unreachable service and lists the events of the others', async () => {
  customerFailures = [failure(1)];
  product.respond(() => undefined);
  const { body } = await auth.user('admin', company).get(path).expect(200);
  expect(body).toMatchObject({ events: [{ id: customerFailures[0]?.id }], unavailable: ['product'] });
});

test('resends an event where it failed: in another service or in auth', async () => {
  customerFailures = [failure(1)];
  const inAuth = await failInAuth(2);
  const admin = auth.user('admin', company);
  await admin.post(`${path}/${customerFailures[0]?.id}/resend`).expect(200, { message: 'Event is sent again' });
  expect(customer.calls.at(-1)).toMatchObject({ method: 'POST', body: { company_id: company.id } });
  await admin.post(`${path}/${inAuth}/resend`).expect(200);
  expect(await auth.database.owner('dead_letters')).toEqual([]);
  expect(await auth.database.owner('outbox_deliveries').select('event_id', 'subscriber', 'attempts')).toEqual([
    { event_id: inAuth, subscriber: 'auth', attempts: 0 },
  ]);
  await superuser.post(`${path}/${customerFailures[0]?.id}/resend`).expect(200);
  expect(customer.calls.at(-1)?.body).toEqual({});
});

test('another company’s event and an unknown one return the same 404; while a service is unreachable, a 503 that names it', async () => {
  const foreign = await failInAuth(1, randomUUID());
  const ownerless = await failInAuth(1, null);
  const admin = auth.user('admin', company);
  for (const id of [foreign, ownerless, randomUUID()]) {
    const { body } = await admin.post(`${path}/${id}/resend`).expect(404);
    expect(body.error_code).toBe('EVENT_NOT_FOUND');
  }
  expect(await auth.database.owner('dead_letters')).toHaveLength(2);
  await admin.post(`${path}/nonsense/resend`).expect(400);
  product.respond(() => undefined);
  const { body } = await admin.post(`${path}/${randomUUID()}/resend`).expect(503);
  expect(body.detail).toContain('product');
});

test('drops an event where it failed, in another service and in auth; the audit log keeps it with the reason', async () => {
  customerFailures = [failure(1), failure(2)];
  const [dropped, kept] = customerFailures as [FailedEvent, FailedEvent];
  const inAuth = await failInAuth(3);
  const admin = auth.user('admin', company);
  const drop = (id: string, body: object = { reason: ' Its product is gone ' }) =>
    admin.delete(`${path}/${id}`).send(body);
  expect((await drop(dropped.id, {}).expect(422)).body.errors).toMatchObject([{ path: 'reason' }]);
  expect((await drop(dropped.id).expect(200)).body).toEqual({ message: 'Event dropped' });
  expect(customerFailures).toEqual([kept]);
  expect(product.calls.filter((call) => call.path.endsWith('/drop'))).toEqual([]);
  await drop(inAuth).expect(200);
  expect(await auth.database.owner('dead_letters')).toEqual([]);
  await drop(inAuth).expect(404);

  const { body } = await admin.get('/api/v1/audit-logs?action=event.dropped').expect(200);
  const entry = { actor_id: admin.user_id, action: 'event.dropped', resource_type: 'event', result: 'done' };
  const details = { event: 'customer.created', subscribers: ['auth'], reason: 'Its product is gone' };
  expect(body.audit_logs).toMatchObject([
    { ...entry, resource_id: inAuth, details },
    { ...entry, resource_id: dropped.id, details },
  ]);
});

test('drops no event of another company and none for other roles; a service that goes away meanwhile is a 503', async () => {
  const foreign = await failInAuth(1, randomUUID());
  customerFailures = [failure(2)];
  const id = customerFailures[0]?.id ?? '';
  const body = { reason: 'tested' };
  await auth.user('admin', company).delete(`${path}/${foreign}`).send(body).expect(404);
  const { body: problem } = await auth.user('manager', company).delete(`${path}/${id}`).send(body).expect(403);
  expect(problem.missing).toBe('events:manage');
  expect(await auth.database.owner('dead_letters')).toHaveLength(1);
  expect(customerFailures).toHaveLength(1);

  product.respond(() => undefined); // it may hold the event too
  const { body: unknown } = await auth.user('admin', company).delete(`${path}/${id}`).send(body).expect(503);
  expect(unknown.detail).toContain('product');
  expect(customerFailures).toHaveLength(1);
  expect(await auth.database.owner('audit_logs').where({ resource_id: id })).toEqual([]);

  product.respond(() => ({ status: 200, body: { events: [] } }));
  const found = { status: 200, body: { events: customerFailures } };
  customer.respond((url) => (url.endsWith('/drop') ? undefined : found));
  const { body: unavailable } = await auth.user('admin', company).delete(`${path}/${id}`).send(body).expect(503);
  expect(unavailable.detail).toContain('customer');
  expect(await auth.database.owner('audit_logs').where({ resource_id: id, action: 'event.dropped' })).toHaveLength(1);
});
