import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { consoleTest, findBarriersInBothThemes, newStaff, openScreen, signIn } from './console-test.ts';

const test = consoleTest;

const away = {
  status: 503,
  contentType: 'application/problem+json',
  headers: { 'Retry-After': '0' }, // the client repeats the request without a pause
  body: JSON.stringify({
    status: 503,
    title: 'Service unavailable',
    error_code: 'SERVICE_UNAVAILABLE',
    detail: 'Away',
  }),
};
const isAway = 'A service is away. Try again in a moment.';
/** Lets a service be away for the requests to some addresses, until it is back. */
async function takeAway(page: Page, path: RegExp): Promise<() => Promise<void>> {
  const matches = (url: URL) => path.test(url.pathname);
  await page.route(matches, (route) => route.fulfill(away));
  return () => page.unroute(matches);
}

const tabs = [
  ['Timeline', /\/timeline$/, 'Asked for a list'],
  ['Interactions', /\/interactions$/, 'Asked for a list'],
  ['Transactions', /\/transactions$/, '7.00'],
  ['Orders', /\/orders$/, '7.00'],
  ['Complaints', /\/complaints$/, 'There are no complaints.'],
  ['Notes', /\/notes$/, 'Prefers mornings'],
  ['Favorites', /\/favorites$/, 'There are no favorites.'],
  ['History', /\/history$/, 'Created'],
  ['Privacy', /\/gdpr\/requests$/, 'Erase this person'],
] as const;

test('each tab says that its service is away, the rest of the page stays, and it works on when the service is back', async ({
  fleet,
  browser,
}) => {
  const staff = await newStaff(fleet.url);
  const { customer } = (await staff.post('/api/customers', { full_name: 'Bruno Sosa' })).body;
  const at = `/api/customers/${customer.id}`;
  await staff.post(`${at}/interactions`, { type: 'call', notes: 'Asked for a list' });
  await staff.post(`${at}/transactions`, { kind: 'order', direction: 'in', amount: '7.00' });
  await staff.post(`${at}/notes`, { content: 'Prefers mornings' });
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  const panel = page.getByRole('tabpanel');
  await page.route(
    (url) => url.pathname.endsWith('/timeline'),
    (route) => route.fulfill(away),
  );
  await signIn(screen, staff.email, `/console/customers/${customer.id}`);
  await page.getByRole('heading', { level: 1, name: 'Bruno Sosa' }).waitFor();
  for (const [name, path, text] of tabs) {
    const comesBack = await takeAway(page, path);
    await page.getByRole('tab', { name }).press('Enter');
    await panel.getByText(isAway).first().waitFor();
    await page.getByRole('heading', { level: 1, name: 'Bruno Sosa' }).waitFor();
    if (name === 'Timeline') expect(await findBarriersInBothThemes(page)).toEqual([]); // the others look the same
    await comesBack();
    if (name === 'Timeline') await page.unrouteAll();
    await panel.getByRole('button', { name: 'Try again' }).first().press('Enter');
    await panel.getByText(isAway).waitFor({ state: 'detached' });
    await panel.getByText(text, { exact: false }).first().waitFor();
  }

  // What was read stays while it cannot be read again.
  await page.getByRole('tab', { name: 'Notes' }).press('Enter');
  await panel.getByText('Prefers mornings').waitFor();
  const comesBack = await takeAway(page, /\/notes/);
  await panel.getByRole('button', { name: 'Delete the note' }).press('Enter');
  await panel.getByText(isAway).first().waitFor();
  await panel.getByText('Prefers mornings').waitFor();
  await comesBack();
  await panel.getByRole('button', { name: 'Try again' }).press('Enter');
  await panel.getByText(isAway).waitFor({ state: 'detached' });
  await panel.getByText('Prefers mornings').waitFor();
});

test('nothing typed is lost while a service is away, and a connection that is cut stores nothing twice', async ({
  fleet,
  browser,
}) => {
  const staff = await newStaff(fleet.url);
  const { customer } = (await staff.post('/api/customers', { full_name: 'Bruno Sosa' })).body;
  const at = `/api/customers/${customer.id}`;
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  await signIn(screen, staff.email, `/console/customers/${customer.id}`);
  await page.getByText('Nothing has happened yet.').waitFor();

  // A call that is logged.
  let comesBack = await takeAway(page, /\/interactions$/);
  await page.keyboard.press('l');
  await page.keyboard.type('Asked for a list');
  await page.keyboard.press('ControlOrMeta+Enter');
  await page.getByText(isAway).first().waitFor();
  expect(await page.getByRole('textbox', { name: 'What happened?' }).inputValue()).toBe('Asked for a list');
  await comesBack();
  await page.keyboard.press('ControlOrMeta+Enter');
  await page.getByRole('listitem').filter({ hasText: 'Asked for a list' }).waitFor();

  // A fact in its place, and the whole record.
  comesBack = await takeAway(page, new RegExp(`${customer.id}$`));
  await page.getByRole('button', { name: 'City: empty' }).press('Enter');
  await page.keyboard.type('Lugo');
  await page.keyboard.press('Enter');
  await page.getByText(isAway).first().waitFor();
  expect(await page.getByRole('textbox', { name: 'City' }).inputValue()).toBe('Lugo');
  await comesBack();
  await page.getByRole('textbox', { name: 'City' }).press('Enter');
  await page.getByRole('button', { name: 'City: Lugo' }).waitFor();
  const stored = async () => (await staff.get(at)).body.customer;
  await expect.poll(stored).toMatchObject({ address: { city: 'Lugo' } });
  comesBack = await takeAway(page, new RegExp(`${customer.id}$`));
  await page.getByRole('button', { name: 'Edit', exact: true }).press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Edit the customer' });
  await dialog.getByRole('textbox', { name: 'Phone' }).fill('+34600111222');
  await page.keyboard.press('ControlOrMeta+Enter');
  await dialog.getByText(isAway).waitFor();
  expect(await dialog.getByRole('textbox', { name: 'Phone' }).inputValue()).toBe('+34600111222');
  await comesBack();
  await dialog.getByRole('textbox', { name: 'Phone' }).press('ControlOrMeta+Enter');
  await dialog.waitFor({ state: 'detached' });
  await expect.poll(stored).toMatchObject({ phone: '+34600111222', address: { city: 'Lugo' } });

  // Money: stored, but every answer is lost on its way; sent again by the person, it is there once.
  await page.getByRole('tab', { name: 'Transactions' }).press('Enter');
  await page.getByRole('button', { name: 'New transaction' }).press('Enter');
  const isPost = (url: URL) => url.pathname.endsWith('/transactions');
  await page.route(isPost, async (route) => {
    if (route.request().method() === 'POST') await route.fetch();
    await route.abort();
  });
  const form = page.getByRole('dialog', { name: 'New transaction' });
  await form.getByRole('textbox', { name: 'Amount' }).fill('19.90');
  await page.keyboard.press('ControlOrMeta+Enter');
  await form.getByText('The server does not respond.').waitFor();
  expect(await form.getByRole('textbox', { name: 'Amount' }).inputValue()).toBe('19.90');
  await page.unroute(isPost);
  await form.getByRole('textbox', { name: 'Amount' }).press('ControlOrMeta+Enter');
  await form.waitFor({ state: 'detached' });
  await page.getByRole('listitem').filter({ hasText: '19.90' }).waitFor();
  expect((await staff.get(`${at}/transactions`)).body.transactions).toHaveLength(1);
  const others = screen.complaints.filter((text) => !text.includes('net::ERR_FAILED'));
  screen.complaints.splice(0, screen.complaints.length, ...others);
});
