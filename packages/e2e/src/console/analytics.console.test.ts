import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { consoleTest, findBarriersInBothThemes, newStaff, openScreen, password, signIn } from './console-test.ts';
import type { Staff } from './console-test.ts';

const test = consoleTest;

const dayMs = 86_400_000;
/** The day a number of days ago, by UTC. */
const dayAgo = (days: number) => new Date(Date.now() - days * dayMs).toISOString().slice(0, 10);
const shown = (day: string) =>
  new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(day));

/** Three customers with tags, orders in the last days and before them, and complaints. */
async function createBusiness(staff: Staff): Promise<void> {
  const create = async (body: object) => (await staff.post('/api/customers', body)).body.customer.id as string;
  const ana = await create({ full_name: 'Ana', type: 'vip' });
  const bruno = await create({ full_name: 'Bruno' });
  await create({ full_name: 'Carla', status: 'inactive' });
  await staff.post(`/api/customers/${ana}/tags`, { labels: ['=1+1', 'north'] });
  await staff.post(`/api/customers/${bruno}/tags`, { label: 'north' });
  const at = (days: number) => ({ occurred_at: `${dayAgo(days)}T12:00:00Z` });
  const order = { kind: 'order', direction: 'in' };
  for (const [days, amount] of [
    [1, '0.10'],
    [1, '0.20'],
    [9, '9007199254.05'],
    [40, '10.00'],
  ] as const) {
    const { status } = await staff.post(`/api/customers/${bruno}/transactions`, { ...order, ...at(days), amount });
    expect(status).toBe(201);
  }
  await staff.post(`/api/customers/${bruno}/transactions`, { ...order, ...at(1), kind: 'payment', amount: '5.00' });
  for (const days of [2, 2, 41])
    await staff.post(`/api/customers/${ana}/interactions`, { type: 'complaint', notes: 'Late', ...at(days) });
}

const sectionOf = (page: Page, name: string) => page.getByRole('region', { name, exact: true });
/** The rows of a chart's table, heading included, as they are read. */
async function tableOf(page: Page, name: string): Promise<string[][]> {
  const rows = await sectionOf(page, name).getByRole('row').all();
  return Promise.all(rows.map((row) => row.locator('th, td').allTextContents()));
}
const withFigures = (rows: string[][]) => rows.filter(([, value]) => value !== '0' && value !== '0.00');

test('shows the figures that were created, for the period, interval and comparison of the address', async ({
  fleet,
  browser,
}) => {
  const staff = await newStaff(fleet.url);
  await createBusiness(staff);
  const { currency } = (await staff.get('/api/customers/analytics/series?metric=orders&interval=day')).body;
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  const search = () => Object.fromEntries(new URL(page.url()).searchParams);
  await signIn(screen, staff.email);
  await page.getByRole('heading', { level: 1, name: 'Ana Prieto' }).waitFor();
  for (const key of ['g', 'a']) await page.keyboard.press(key);
  await page.getByRole('heading', { level: 1, name: 'Analytics' }).waitFor();

  const value = sectionOf(page, 'Value of orders');
  await value.getByText(`9,007,199,254.35 ${currency}`, { exact: true }).waitFor();
  await value.getByText(`before: 10.00 ${currency}`).waitFor();
  await sectionOf(page, 'Orders')
    .getByText(/^3 orders, .+; before: 1; most: 2/)
    .waitFor();
  await sectionOf(page, 'Orders').getByText('+200%').waitFor();
  await sectionOf(page, 'Complaints')
    .getByText(/^2 complaints, /)
    .waitFor();
  await sectionOf(page, 'New customers')
    .getByText(/^3 new customers, .+; before: 0; most: 3/)
    .waitFor();

  await page.getByRole('button', { name: 'Table of Value of orders' }).press('Enter');
  await expect.poll(search).toEqual({ tables: 'order_value' });
  const [first = '', second = ''] = [dayAgo(1), dayAgo(31)].map(shown);
  const rows = await tableOf(page, 'Value of orders');
  expect(rows).toHaveLength(31);
  expect(withFigures(rows)).toEqual([
    ['Day', `Value of orders (${currency})`, 'Compared with', 'Before'],
    [shown(dayAgo(9)), '9,007,199,254.05', shown(dayAgo(39)), '0.00'],
    [first, '0.30', second, '0.00'],
  ]);
  expect(rows.find(([, , day]) => day === shown(dayAgo(40)))?.[3]).toBe('10.00');
  expect(await tableOf(page, 'Customers by status')).toEqual([
    ['Status', 'Customers', 'Share'],
    ['Active', '2', '66.7%'],
    ['Inactive', '1', '33.3%'],
    ['Suspended', '0', '0%'],
  ]);
  expect(withFigures(await tableOf(page, 'Customers by type'))).toEqual([
    ['Type', 'Customers', 'Share'],
    ['Regular', '2', '66.7%'],
    ['VIP', '1', '33.3%'],
  ]);
  expect(await tableOf(page, 'Most used tags')).toEqual([
    ['Tag', 'Customers'],
    ['north', '2'],
    ['=1+1', '1'],
  ]);

  await page.getByRole('button', { name: /Period$/ }).press('Enter');
  await page.getByRole('option', { name: 'Last 7 days' }).press('Enter');
  await expect.poll(search).toEqual({ period: '7d', tables: 'order_value' });
  await value.getByText('Orders of 0.30').waitFor();
  await value.getByText('before: 9,007,199,254.05').waitFor();
  await page.getByRole('button', { name: /Interval$/ }).press('Enter');
  await page.getByRole('option', { name: 'By month' }).press('Enter');
  await expect.poll(search).toMatchObject({ period: '7d', interval: 'month' });
  await page.getByRole('checkbox', { name: 'Compare with the period before' }).press('Space');
  await expect.poll(search).toEqual({ period: '7d', interval: 'month', compare: 'off', tables: 'order_value' });
  await page.reload();
  await page.getByRole('button', { name: /By month Interval$/ }).waitFor();
  await expect
    .poll(async () => (await tableOf(page, 'Value of orders'))[0])
    .toEqual(['Month', `Value of orders (${currency})`]);

  // Days of one's own; what cannot be is said at its field.
  await page.goto(`/console/analytics?from=${dayAgo(41)}&to=${dayAgo(40)}`);
  await sectionOf(page, 'Orders')
    .getByText(/^1 order, /)
    .waitFor();
  await page.getByLabel('To day').fill(dayAgo(42));
  await page.getByText('The end is before the beginning.').waitFor();
  expect(await page.getByLabel('To day').getAttribute('aria-invalid')).toBe('true');
  await page.getByLabel('To day').fill(dayAgo(40));
  await page.getByLabel('From day').fill('1900-01-01');
  await page.getByText('A period has at most 200 months.').waitFor();
  await page.getByLabel('From day').fill(dayAgo(41));
  await sectionOf(page, 'Complaints')
    .getByText(/^1 complaint, /)
    .waitFor();
});

test('a chart is read by the keyboard, in a table, on paper and as a file, without a barrier', async ({
  fleet,
  browser,
}) => {
  const staff = await newStaff(fleet.url);
  await createBusiness(staff);
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  await signIn(screen, staff.email, '/console/analytics?tables=orders');
  const chart = page.getByRole('application', { name: 'Orders', exact: true });
  await chart.focus();
  const reading = sectionOf(page, 'Orders').getByRole('status');
  await reading.getByText(`${shown(dayAgo(29))}: 0`).waitFor();
  await page.keyboard.press('ArrowRight');
  await reading.getByText(`${shown(dayAgo(28))}: 0`).waitFor();
  await reading.getByText(`${shown(dayAgo(58))}: 0`).waitFor();
  expect(await findBarriersInBothThemes(page)).toEqual([]);
  await page.setViewportSize({ width: 320, height: 800 });
  await page.getByRole('table', { name: 'Orders', exact: true }).waitFor();
  expect(await findBarriersInBothThemes(page)).toEqual([]);
  expect(
    await page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
  ).toBe(0);
  await page.setViewportSize({ width: 1280, height: 800 });

  for (const [name, raw] of [
    ['Orders', (day: string) => new Date(`${day} UTC`).toISOString().slice(0, 10)],
    ['Most used tags', (label: string) => label.replace(/^=/, "'=")], // a spreadsheet would compute it
  ] as const) {
    const table = await tableOf(page, name);
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: `${name} as CSV`, exact: true }).press('Enter');
    const lines = (await readFile(await (await download).path(), 'utf8')).replace('\uFEFF', '').trimEnd().split('\r\n');
    expect(lines.map((line) => line.split(','))).toEqual(
      table.map((cells, row) => cells.map((cell, index) => (row === 0 || index % 2 === 1 ? cell : raw(cell)))),
    );
  }

  const complaints = page.getByRole('table', { name: 'Complaints', exact: true });
  expect(await complaints.isVisible()).toBe(false);
  await page.emulateMedia({ media: 'print' });
  await complaints.waitFor();
  expect(await page.getByRole('button', { name: 'Complaints as CSV' }).isVisible()).toBe(false);
});

const problem = (status: number, error_code: string) => ({
  status,
  contentType: 'application/problem+json',
  headers: { 'Retry-After': '0' }, // the client repeats the request without a pause
  body: JSON.stringify({ status, title: 'Refused', error_code, detail: 'Refused' }),
});

test('says which figures another service keeps, and which cannot be read now; the others stay', async ({
  fleet,
  browser,
}) => {
  const staff = await newStaff(fleet.url);
  await createBusiness(staff);
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  let isAway = true;
  await page.route(/\/analytics\/series/, (route) => {
    const metric = new URL(route.request().url()).searchParams.get('metric');
    if (metric === 'complaints') return route.fulfill(problem(409, 'REPORTED_ELSEWHERE'));
    if (metric === 'orders' && isAway) return route.fulfill(problem(503, 'SERVICE_UNAVAILABLE'));
    return route.continue();
  });
  await signIn(screen, staff.email, '/console/analytics');
  const orders = sectionOf(page, 'Orders');
  await orders.getByText('A service is away. Try again in a moment.').waitFor();
  await sectionOf(page, 'Complaints').getByText('Another service keeps the complaints').waitFor();
  await sectionOf(page, 'New customers')
    .getByText(/^3 new customers/)
    .waitFor();
  expect(await findBarriersInBothThemes(page)).toEqual([]);
  isAway = false;
  await orders.getByRole('button', { name: 'Try again' }).press('Enter');
  await orders.getByText(/^3 orders, /).waitFor();
  await expect.poll(() => orders.getByRole('alert').count()).toBe(0);
});

test('who may not read analytics is told so, and no figure is asked for', async ({ fleet, browser }) => {
  const staff = await newStaff(fleet.url);
  const email = `customer-${staff.email}`;
  await staff.post('/api/v1/users', { email, password, first_name: 'Carla', role: 'customer' });
  const asked: string[] = [];
  const open = async () => {
    const screen = await openScreen(browser, fleet.url);
    screen.page.on('request', (request) => asked.push(request.url()));
    return screen;
  };
  const customer = await open();
  await signInWithoutFrame(customer.page, email);
  await customer.page.getByRole('heading', { name: "The console is for a company's staff" }).waitFor();

  // No role of the staff is without it; a session that is tells what the screen does.
  const limited = await open();
  await limited.page.route(/\/console\/session/, async (route) => {
    const response = await route.fetch();
    const body = (await response.json()) as { user?: { permissions: string[] } };
    if (body.user) body.user.permissions = body.user.permissions.filter((each) => each !== 'analytics:read');
    await route.fulfill({ response, json: body });
  });
  await signIn(limited, staff.email, '/console/analytics');
  await limited.page.getByText('You need the permission analytics:read.').waitFor();
  await limited.page.getByRole('link', { name: 'Customers', exact: true }).waitFor();
  expect(await limited.page.getByRole('link', { name: 'Analytics', exact: true }).count()).toBe(0);
  expect(asked.filter((url) => url.includes('/api/customers'))).toEqual([]);
});

async function signInWithoutFrame(page: Page, email: string): Promise<void> {
  await page.goto('/console/analytics');
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}
