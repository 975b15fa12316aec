import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { consoleTest, newStaff, openScreen, password, signIn } from './console-test.ts';
import { choose, focused, keyTo, press, pressAt, undo } from './keyboard.ts';

// Each screen by keys alone: no mouse, and nothing that puts the focus somewhere.
const test = consoleTest;

const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
const isSomewhere = (page: Page) => expect.poll(() => focused(page)).not.toBe('nothing');

test('Today leads to what it shows', async ({ fleet, browser }) => {
  const staff = await newStaff(fleet.url);
  const { customer } = (await staff.post('/api/customers', { full_name: 'Bruno Sosa' })).body;
  const complaint = { type: 'complaint', notes: 'The frame broke', priority: 'critical' };
  await staff.post(`/api/customers/${customer.id}/interactions`, complaint);
  const expires_at = new Date(Date.now() + 5 * 86_400_000).toISOString();
  await staff.post('/api/v1/api-keys', { name: 'web shop', role: 'viewer', expires_at });
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  await signIn(screen, staff.email);
  for (const [link, screenName] of [
    [/^Customers: 1$/, 'Customers'],
    [/^Critical 1$/, 'Complaints'],
    [/^web shop$/, 'API keys'],
  ] as const) {
    await page.getByRole('link', { name: 'web shop' }).waitFor();
    await page.getByRole('link', { name: 'Critical' }).waitFor();
    await page.getByRole('link', { name: 'Customers: 1' }).waitFor();
    await pressAt(page, link);
    await heading(page, screenName);
    await press(page, 'g', 'd');
  }
});

test('a complaint is moved on the board, and back', async ({ fleet, browser }) => {
  const staff = await newStaff(fleet.url);
  const { customer } = (await staff.post('/api/customers', { full_name: 'Bruno Sosa' })).body;
  const at = `/api/customers/${customer.id}/interactions`;
  const { id } = (await staff.post(at, { type: 'complaint', notes: 'The frame broke' })).body.interaction;
  const status = async () => (await staff.get(`${at}/${id}`)).body.interaction.status;
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  await signIn(screen, staff.email);
  await press(page, 'g', 'b');
  await page.getByRole('row', { name: /^Bruno Sosa/ }).waitFor();
  await pressAt(page, /^Move the complaint of Bruno Sosa$/);
  await page.getByRole('menu').waitFor();
  if (!/Resolved/.test(await focused(page))) await keyTo(page, /^Move to “Resolved”$/, 'ArrowDown');
  await press(page, 'Enter');
  await expect.poll(status).toBe('resolved');
  await expect.poll(() => focused(page)).toContain('Bruno Sosa'); // the focus goes with the card
  await undo(page);
  await expect.poll(status).toBe('open');
  await isSomewhere(page);

  // By the handle: past the next column to the third one.
  await page.getByRole('region', { name: /^Open/ }).getByRole('row').waitFor();
  await pressAt(page, /^Drag/);
  const target = (column: RegExp) => page.getByRole('region', { name: column }).locator('[data-drop-target]').waitFor();
  await target(/^In progress/);
  await press(page, 'Tab');
  await target(/^Resolved/);
  await press(page, 'Enter');
  await expect.poll(status).toBe('resolved');
  await isSomewhere(page);
});

test('the period of the figures is changed, and a table opened', async ({ fleet, browser }) => {
  const staff = await newStaff(fleet.url);
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  await signIn(screen, staff.email);
  await press(page, 'g', 'a');
  await heading(page, 'Analytics');
  const search = () => Object.fromEntries(new URL(page.url()).searchParams);
  await choose(page, /^Last 30 days Period$/, /^Last 7 days$/);
  await expect.poll(search).toEqual({ period: '7d' });
  await page.getByRole('button', { name: 'Table of Orders' }).waitFor();
  await pressAt(page, /^Table of Orders$/);
  await expect.poll(search).toEqual({ period: '7d', tables: 'orders' });
  await expect.poll(() => page.getByRole('table', { name: 'Orders', exact: true }).getByRole('row').count()).toBe(8);
  await isSomewhere(page);
});

test('a file is chosen, its columns mapped, and imported', async ({ fleet, browser }) => {
  const staff = await newStaff(fleet.url);
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  await signIn(screen, staff.email);
  await press(page, 'g', 'i');
  await heading(page, 'Import');
  const chooser = page.waitForEvent('filechooser');
  await pressAt(page, /^Choose a file$/);
  const buffer = Buffer.from('Full name,Shade\nOlga Petrova,blue\n');
  await (await chooser).setFiles({ name: 'people.csv', mimeType: 'text/csv', buffer });
  await page.getByText('people.csv').waitFor();
  await pressAt(page, /^Check the file$/);
  await heading(page, 'Check of a file');
  await page.getByRole('button', { name: 'Import now' }).waitFor();
  await choose(page, /Field of Shade$/, /^Tags$/);
  await pressAt(page, /^Check again$/);
  await page.getByRole('button', { name: 'Import now' }).waitFor();
  await pressAt(page, /^Import now$/);
  await page.getByRole('heading', { name: 'Undo' }).waitFor();
  const { customers } = (await staff.get('/api/customers')).body;
  expect(customers).toEqual([expect.objectContaining({ full_name: 'Olga Petrova', tags: ['blue'] })]);
});

test('a product is created, taken out of the offer and back, and found in the list', async ({ fleet, browser }) => {
  const staff = await newStaff(fleet.url);
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  await signIn(screen, staff.email);
  await press(page, 'g', 'p');
  await heading(page, 'Products');
  await pressAt(page, /^New product$/);
  await expect.poll(() => focused(page)).toMatch(/^Name/);
  await page.keyboard.type('Reading glasses');
  await keyTo(page, /^Price/);
  await page.keyboard.type('19.90');
  await pressAt(page, /^Create product$/);
  await heading(page, 'Reading glasses');
  const stored = async () => (await staff.get('/api/products?active_only=false')).body.products;
  await pressAt(page, /^Deactivate$/);
  await expect.poll(stored).toMatchObject([{ name: 'Reading glasses', price: '19.90', is_active: false }]);
  await isSomewhere(page);
  await undo(page);
  await expect.poll(stored).toMatchObject([{ is_active: true }]);
  await press(page, 'g', 'p');
  await page.getByRole('link', { name: 'Reading glasses' }).waitFor();
  await press(page, 'j', 'Enter');
  await heading(page, 'Reading glasses');
});

test('a person is invited, and another gets a role', async ({ fleet, browser }) => {
  const staff = await newStaff(fleet.url);
  const email = `new-${staff.email}`;
  await staff.post('/api/v1/users', { email, password, first_name: 'Mihai', role: 'viewer' });
  const { id } = (await staff.get('/api/v1/users?search=Mihai')).body.users[0];
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  await signIn(screen, staff.email);
  await press(page, 'g', 't');
  await page.getByRole('link', { name: 'Mihai' }).waitFor();
  await pressAt(page, /^Invite$/);
  await expect.poll(() => focused(page)).toMatch(/^E-mail/);
  await page.keyboard.type(`invited-${staff.email}`);
  await pressAt(page, /^Send invitation$/);
  await page.getByText(`invited-${staff.email} is invited`).waitFor();
  await page.getByRole('button', { name: /^Revoke the invitation/ }).waitFor();
  await pressAt(page, /^Revoke the invitation/);
  await page.getByText('Revoked', { exact: true }).waitFor();
  await isSomewhere(page);
  await keyTo(page, /^Mihai$/, 'Shift+Tab');
  await press(page, 'Enter');
  await heading(page, 'Mihai');
  await page.getByRole('button', { name: /Role$/ }).waitFor();
  await choose(page, /Role$/, /^manager$/);
  await expect.poll(async () => (await staff.get(`/api/v1/users/${id}`)).body.role).toBe('manager');
});

test('a key is created and revoked', async ({ fleet, browser }) => {
  const staff = await newStaff(fleet.url);
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  await signIn(screen, staff.email);
  await press(page, 'g', 'k');
  await heading(page, 'API keys');
  await pressAt(page, /^New API key$/);
  await expect.poll(() => focused(page)).toMatch(/^Name/);
  await page.keyboard.type('web shop');
  await pressAt(page, /^Create key$/);
  await page.getByRole('dialog', { name: 'The key of web shop' }).waitFor();
  await pressAt(page, /^I have stored it$/);
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Revoke web shop' }).waitFor();
  await pressAt(page, /^Revoke web shop$/);
  await page.getByRole('alertdialog', { name: 'Revoke web shop?' }).waitFor();
  await pressAt(page, /^Revoke$/);
  await page.getByText('web shop is revoked').waitFor();
  const keys = async () => (await staff.get('/api/v1/api-keys')).body.api_keys;
  await expect.poll(keys).toMatchObject([{ revoked_at: expect.any(String) }]);
  await isSomewhere(page);
});
