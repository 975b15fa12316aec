import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import type { Client } from '../testing/test-fleet.ts';
import { consoleTest, findBarriersInBothThemes, newStaff, openScreen, password, signIn } from './console-test.ts';

const test = consoleTest;

const quiet = 'Nothing needs you right now.';
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
const part = (page: Page, name: string) => page.getByRole('region', { name });
const away = {
  status: 503,
  contentType: 'application/problem+json',
  headers: { 'Retry-After': '0' }, // the client repeats the request without a pause
  body: JSON.stringify({ status: 503, title: 'Away', error_code: 'SERVICE_UNAVAILABLE', detail: 'Away' }),
};

async function startImport(staff: Client, rows: string[]): Promise<string> {
  const form = new FormData();
  form.append('file', new Blob([['Full name,E-mail', ...rows].join('\n')]), 'people.csv');
  const { status, body } = await staff.post('/api/customers/imports', form);
  expect(status).toBe(202);
  return body.import.id;
}
const importOf = async (staff: Client, id: string) => (await staff.get(`/api/customers/imports/${id}`)).body.import;

/** Addresses of the API that a page asks for, without what the frame asks for. */
function recordRequests(page: Page): string[] {
  const asked: string[] = [];
  page.on('request', (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith('/api/')) asked.push(pathname.replace('/api/v1/', '/api/'));
  });
  return asked;
}

test('a company without customers is shown how the first ones come in', async ({ fleet, browser }) => {
  const staff = await newStaff(fleet.url);
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  await signIn(screen, staff.email);
  await page.getByText('There are no customers yet.').waitFor();
  expect(await page.getByText(quiet).count()).toBe(0);
  expect(await findBarriersInBothThemes(page)).toEqual([]);
  await page.getByRole('button', { name: 'Import a file' }).press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Import' }).waitFor();
  await page.goBack();
  await page.getByRole('button', { name: 'Create customer' }).press('Enter');
  const dialog = page.getByRole('dialog', { name: 'New customer' });
  await dialog.getByRole('textbox', { name: 'Name' }).fill('Bruno Sosa');
  await page.keyboard.press('ControlOrMeta+Enter');
  await page.getByRole('heading', { level: 1, name: 'Bruno Sosa' }).waitFor();
  expect((await staff.get('/api/customers')).body.total).toBe(1);
});

test('each figure leads to what it counts; while nothing needs a person, one sentence says so', async ({
  fleet,
  browser,
}) => {
  const staff = await newStaff(fleet.url);
  for (const full_name of ['Bruno Sosa', 'Carla Gil']) await staff.post('/api/customers', { full_name });
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  await signIn(screen, staff.email);
  await page.getByText(quiet).waitFor();
  expect(await page.getByRole('region').count()).toBe(0);
  const figures = await page.getByRole('definition').getByRole('link').all();
  const names = await Promise.all(figures.map((each) => each.getAttribute('aria-label')));
  expect(names).toEqual(['Customers: 2', 'New this month: 2', 'Value of orders: 0.00', 'Open complaints: 0']);
  await page.getByRole('link', { name: 'New this month: 2' }).press('Enter');
  await page
    .getByRole('button', { name: /Created since/ })
    .first()
    .waitFor();
  await page.getByText('2 customers').waitFor();
  expect(new URL(page.url()).searchParams.get('created_from')).toBe(`${new Date().toISOString().slice(0, 7)}-01`);
});

test('shows who comes today, when and why, and the open complaints by priority', async ({ fleet, browser }) => {
  const staff = await newStaff(fleet.url);
  const ids: string[] = [];
  for (const full_name of ['Bruno Sosa', 'Carla Gil'])
    ids.push((await staff.post('/api/customers', { full_name })).body.customer.id);
  const record = async (customer: string | undefined, values: object) => {
    const { status, body } = await staff.post(`/api/customers/${customer}/interactions`, { notes: 'Talk', ...values });
    expect(status).toBe(201);
    return body.interaction;
  };
  const at = (hour: number, day = 0) => {
    const time = new Date();
    time.setHours(hour + 24 * day, 30, 0, 0);
    return time.toISOString();
  };
  const appointment = { type: 'appointment', notes: 'Eye test' };
  await record(ids[1], { ...appointment, notes: 'Fitting of lenses', scheduled_at: at(14) });
  const first = await record(ids[0], { ...appointment, scheduled_at: at(9) });
  await record(ids[0], { ...appointment, scheduled_at: at(9, 1) });
  await record(ids[0], { ...appointment, scheduled_at: at(10), status: 'cancelled' });
  for (const priority of ['low', 'critical', 'critical', null]) await record(ids[0], { type: 'complaint', priority });
  const solved = await record(ids[0], { type: 'complaint', priority: 'high' });
  await staff.put(`/api/customers/${ids[0]}/interactions/${solved.id}`, { status: 'resolved' });

  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  const asked = recordRequests(page);
  await signIn(screen, staff.email);
  const appointments = part(page, 'Appointments today').getByRole('listitem');
  await appointments.getByRole('link', { name: 'Carla Gil' }).waitFor();
  const shown = (await appointments.allTextContents()).map((text) => text.replaceAll(/\s/g, ' '));
  expect(shown).toEqual(['9:30 AMBruno SosaEye test', '2:30 PMCarla GilFitting of lenses']);
  const complaints = part(page, 'Open complaints').getByRole('listitem');
  expect(await complaints.allTextContents()).toEqual(['Critical 2', 'Low 1', 'No priority 1']);
  const leads = await complaints.getByRole('link').all();
  expect(await Promise.all(leads.map((each) => each.getAttribute('href')))).toEqual([
    '/console/complaints?priority=critical',
    '/console/complaints?priority=low',
    '/console/complaints',
  ]);
  await page.getByText('of 5 in all').waitFor();
  expect(await page.getByText(quiet).count()).toBe(0);
  await page.waitForLoadState('networkidle');
  expect(asked.toSorted()).toEqual([
    '/api/api-keys',
    '/api/customers',
    '/api/customers/analytics',
    '/api/customers/imports',
    '/api/events/failed',
    '/api/interactions/agenda',
  ]);
  expect(await findBarriersInBothThemes(page)).toEqual([]);

  // What was done meanwhile is gone when one comes back.
  await appointments.getByRole('link', { name: 'Bruno Sosa' }).press('Enter');
  await page.waitForURL(`**/console/customers/${ids[0]}?tab=interactions`);
  await page.getByRole('heading', { level: 1, name: 'Bruno Sosa' }).waitFor();
  await staff.put(`/api/customers/${ids[0]}/interactions/${first.id}`, { status: 'done' });
  await page.goBack();
  await appointments.getByRole('link', { name: 'Bruno Sosa' }).waitFor({ state: 'detached' });
  expect(await appointments.count()).toBe(1);
});

test('shows how far an import is until it has ended, and a day long which one had errors', async ({
  fleet,
  browser,
}) => {
  const staff = await newStaff(fleet.url);
  const broken = await startImport(staff, ['Olga Petrova,olga@example.com', ',not-an-address']);
  await expect.poll(async () => (await importOf(staff, broken)).status).toBe('done');
  const rows = Array.from({ length: 200_000 }, (_, index) => `Person ${index},p${index}@example.com`);
  const running = await startImport(staff, rows);
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  await page.clock.install();
  await signIn(screen, staff.email);
  const imports = part(page, 'Imports');
  await imports.getByRole('progressbar', { name: /^Import/ }).waitFor();
  expect(await findBarriersInBothThemes(page)).toEqual([]);
  const lines = imports.getByRole('listitem');
  expect(await lines.count()).toBe(2);
  const { failed } = await importOf(staff, broken);
  expect(failed).toBe(1);
  await lines.filter({ hasText: '1 row failed' }).getByRole('link').waitFor();
  await lines
    .filter({ has: page.getByRole('progressbar') })
    .getByRole('link')
    .press('Enter');
  await page.waitForURL(`**/console/import/${running}`);
  await page.goBack();
  await imports.getByRole('progressbar').waitFor();
  await staff.post(`/api/customers/imports/${running}/cancel`);
  await expect.poll(async () => (await importOf(staff, running)).status).toBe('cancelled');
  await page.clock.fastForward(5000); // after which the page asks again
  await imports.getByRole('progressbar').waitFor({ state: 'detached' });
  await imports.getByRole('link').press('Enter');
  await page.waitForURL(`**/console/import/${broken}`);
});

test('shows the keys that end within 30 days, the next one first, and how many events failed', async ({
  fleet,
  browser,
}) => {
  const staff = await newStaff(fleet.url);
  await staff.post('/api/customers', { full_name: 'Bruno Sosa' });
  for (const [name, days] of [
    ['year', 360],
    ['web shop', 20],
    ['cash desk', 9.5],
    ['revoked', 3],
  ] as const) {
    const body = { name, role: 'viewer', expires_at: inDays(days) };
    const { api_key } = (await staff.post('/api/v1/api-keys', body)).body;
    if (name === 'revoked') await staff.delete(`/api/v1/api-keys/${api_key.id}`);
  }
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  const event = {
    id: '0190a0b0-0000-7000-8000-000000000001',
    name: 'customer.created',
    service: 'interaction',
    subscriber: 'erasures',
    reason: 'timeout',
    attempts: 8,
    business_id: null,
    data: {},
    sequence: 1,
    failed_at: inDays(-1),
    occurred_at: inDays(-1),
  };
  const events = [event, { ...event, id: '0190a0b0-0000-7000-8000-000000000002' }];
  await page.route('**/api/v1/events/failed?*', (route) =>
    route.fulfill({ json: { events, next_cursor: null, per_page: 50, unavailable: [] } }),
  );
  await signIn(screen, staff.email);
  const keys = part(page, 'API keys that expire soon').getByRole('listitem');
  await expect.poll(() => keys.allTextContents()).toHaveLength(2);
  expect(await keys.getByRole('link').allTextContents()).toEqual(['cash desk', 'web shop']);
  await keys.first().getByText('in 9 days').waitFor();
  expect(await page.getByText(quiet).count()).toBe(0);
  expect(await findBarriersInBothThemes(page)).toEqual([]);
  await keys.first().getByRole('link').press('Enter');
  await page.getByRole('heading', { level: 1, name: 'API keys' }).waitFor();
  await page.goBack();
  await page.getByRole('link', { name: '2 events were not delivered' }).press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Failed events' }).waitFor();
});

test('a viewer sees less, and nothing is asked for that the role may not read', async ({ fleet, browser }) => {
  const staff = await newStaff(fleet.url);
  await staff.post('/api/customers', { full_name: 'Bruno Sosa' });
  await staff.post('/api/v1/api-keys', { name: 'web shop', role: 'viewer', expires_at: inDays(5) });
  const email = `viewer-${staff.email}`;
  await staff.post('/api/v1/users', { email, password, first_name: 'Vera', role: 'viewer' });
  const opened = async (who: string) => {
    const screen = await openScreen(browser, fleet.url);
    const asked = recordRequests(screen.page);
    await signIn(screen, who);
    await screen.page.getByRole('link', { name: 'Customers: 1' }).waitFor();
    await screen.page.waitForLoadState('networkidle');
    return { page: screen.page, asked };
  };
  const admin = await opened(staff.email);
  await part(admin.page, 'API keys that expire soon').waitFor();
  expect(admin.asked.length).toBeLessThanOrEqual(6);
  const viewer = await opened(email);
  await viewer.page.getByText(quiet).waitFor();
  expect(viewer.asked.toSorted()).toEqual(['/api/customers/analytics', '/api/interactions/agenda']);
});

test('a part whose service is away says so and comes back; the others stay', async ({ fleet, browser }) => {
  const staff = await newStaff(fleet.url);
  await staff.post('/api/customers', { full_name: 'Bruno Sosa' });
  await staff.post('/api/v1/api-keys', { name: 'web shop', role: 'viewer', expires_at: inDays(5) });
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  await page.clock.install();
  const isAnalytics = (url: URL) => url.pathname.endsWith('/analytics');
  const isAgenda = (url: URL) => url.pathname.endsWith('/agenda');
  const isImports = (url: URL) => url.pathname.endsWith('/imports');
  for (const matches of [isAnalytics, isAgenda]) await page.route(matches, (route) => route.fulfill(away));
  const seen = Promise.withResolvers<void>();
  let tries = 0;
  await page.route(isImports, async (route) => {
    tries += 1;
    if (tries === 2) await seen.promise;
    await route.fulfill(away);
  });
  await signIn(screen, staff.email);
  await part(page, 'API keys that expire soon').getByRole('link', { name: 'web shop' }).waitFor();
  await part(page, 'Imports').getByText('Still trying…').waitFor(); // while the client repeats the request
  seen.resolve();
  const failure = page.getByText('A service is away. Try again in a moment.');
  await part(page, 'Imports').filter({ has: failure }).waitFor();
  await expect.poll(() => failure.count()).toBe(4);
  expect(await page.getByText(quiet).count()).toBe(0);
  expect(await findBarriersInBothThemes(page)).toEqual([]);
  await page.unroute(isAnalytics);
  await page.getByRole('button', { name: 'Try again' }).first().press('Enter');
  await page.getByRole('link', { name: 'Customers: 1' }).waitFor();
  await expect.poll(() => failure.count()).toBe(3);
  await page.unroute(isAgenda);
  await page.unroute(isImports);
  await page.clock.fastForward(15_000);
  await expect.poll(() => page.getByRole('region').count()).toBe(1); // they ask again by themselves
});

test('asks again when the window is looked at after more than 30 seconds', async ({ fleet, browser }) => {
  const staff = await newStaff(fleet.url);
  await staff.post('/api/customers', { full_name: 'Bruno Sosa' });
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  await page.clock.install();
  await signIn(screen, staff.email);
  await page.getByText(quiet).waitFor();
  await staff.post('/api/v1/api-keys', { name: 'web shop', role: 'viewer', expires_at: inDays(5) });
  const asked = recordRequests(page);
  const look = () => page.evaluate('document.dispatchEvent(new Event("visibilitychange", { bubbles: true }))');
  await page.clock.fastForward(5000);
  await look();
  expect(asked).toEqual([]);
  await page.clock.fastForward(31_000);
  await look();
  await part(page, 'API keys that expire soon').getByRole('link', { name: 'web shop' }).waitFor();
});
