import { expect } from 'vitest';
import { queryOf } from '../testing/query.ts';
import { runCommand } from '../testing/run-command.ts';
import { fleetTest as test, newCompany } from '../testing/test-fleet.ts';

test('the doctor ends with 0 without findings, a recount with nothing to repair', async ({
  configuredFleet: fleet,
}) => {
  expect(await runCommand(fleet, 'doctor')).toEqual({ stdout: 'No findings\n', code: 0 });
  const admin = await newCompany(fleet.url);
  expect((await admin.post('/api/customers', { full_name: 'Ana' })).status).toBe(201);
  const { stdout, code } = await runCommand(fleet, 'recount');
  expect([JSON.parse(stdout), code]).toEqual([{ customers: 1, equal: 1, behind: 0, repaired: 0 }, 0]);
});

test('counts a customer’s records; a recount finds and repairs a wrong counter', async ({ configuredFleet: fleet }) => {
  const query = queryOf(fleet);
  const admin = await newCompany(fleet.url);
  const { customer } = (await admin.post('/api/customers', { full_name: 'Bea' })).body;
  const path = `/api/customers/${customer.id}`;
  const create = async (what: string, body: object): Promise<string> => {
    const response = await admin.post(`${path}/${what}s`, body);
    expect(response.status).toBe(201);
    return response.body[what].id;
  };
  const addTransaction = (amount: string, at: string, values: object = {}) =>
    create('transaction', { kind: 'order', direction: 'in', amount, occurred_at: `2026-0${at}T00:00:00Z`, ...values });
  const addInteraction = (type: string, at: string) =>
    create('interaction', { notes: 'Met', type, occurred_at: `2026-0${at}T00:00:00Z` });
  const stats = async () => (await admin.get(`${path}/stats`)).body;
  const summary = async (what: string) => (await admin.get(`${path}/${what}`)).body.summary;

  const first = await addTransaction('100.10', '1-01');
  await addTransaction('20', '2-01', { status: 'pending' });
  await addTransaction('3', '3-01', { currency: 'USD' });
  await addTransaction('5.05', '4-01', { kind: 'refund', direction: 'out' });
  const appointment = await addInteraction('appointment', '5-01');
  const [complaint, mistake] = [await addInteraction('complaint', '6-01'), await addInteraction('complaint', '7-01')];
  const changes = [
    admin.patch(`${path}/transactions/${first}`, { status: 'cancelled' }),
    admin.patch(`${path}/interactions/${appointment}`, { status: 'cancelled', scheduled_at: '2026-08-01T00:00:00Z' }),
    admin.patch(`${path}/interactions/${complaint}`, { status: 'resolved' }),
    admin.delete(`${path}/interactions/${mistake}`),
  ];
  expect((await Promise.all(changes)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);

  const counters = {
    total_orders: 2,
    total_appointments: 1,
    total_complaints: 1,
    open_complaints: 0,
    first_order_date: '2026-02-01T00:00:00.000Z',
    last_order_date: '2026-03-01T00:00:00.000Z',
    first_appointment_date: '2026-08-01T00:00:00.000Z',
    last_appointment_date: '2026-08-01T00:00:00.000Z',
    returned_orders: 1,
    cancelled_appointments: 1,
    lifetime_value: '14.95',
    currency: customer.currency,
    by_currency: { USD: '3.00' },
    last_complaint_date: '2026-06-01T00:00:00.000Z',
    customer_since: customer.created_at,
  };
  await expect.poll(stats, { timeout: 45_000, interval: 50 }).toEqual(counters);
  const { total_orders, last_order_date, lifetime_value: total_order_value, last_appointment_date } = counters;
  expect(await summary('orders')).toMatchObject({ total_orders, last_order_date, total_order_value });
  expect(await summary('appointments')).toMatchObject({ cancelled_appointments: 1, last_appointment_date });
  expect(await summary('complaints')).toMatchObject({ total_complaints: 1, open_complaints: 0 });

  const [{ count: customers } = {}] = await query('customer', 'select count(*)::int from customer_counters');
  const correct = { customers, equal: customers, behind: 0 };
  const recount = async (...args: string[]) => {
    const { stdout, code } = await runCommand(fleet, 'recount', ...args);
    return { ...JSON.parse(stdout), code };
  };
  await query(
    'customer',
    'update customer_counters set total_orders = 99, last_order_date = null where customer_id = $1',
    [customer.id],
  );
  const repaired = { ...correct, equal: Number(customers) - 1 };
  expect(await recount('--check')).toEqual({ ...repaired, different: 1, code: 1 });
  expect(await recount()).toEqual({ ...repaired, repaired: 1, code: 0 });
  expect(await stats()).toEqual(counters);
});

test('the doctor ends with 1 and a line for each record whose value another one has in another spelling, and no other line', async ({
  configuredFleet: fleet,
}) => {
  const query = queryOf(fleet);
  const admin = await newCompany(fleet.url);
  const create = async (document_number: string) => {
    const body = { full_name: 'Tienda', document_type: 'nit', document_number };
    return (await admin.post('/api/customers', body)).body.customer as { id: string; number: number };
  };
  const newer = await create('860002964');
  await query('customer', 'update customers set document_key = null where id = $1', [newer.id]);
  const older = await create('860.002.964-4');
  const { stdout, code } = await runCommand(fleet, 'doctor');
  expect(code).toBe(1);
  expect(stdout).toMatch(
    new RegExp(
      `^warning: customer: customer ${newer.number} of company [0-9a-f-]+: its document_number is that of customer ${older.number} [^\\n]*\n$`,
    ),
  );
});
