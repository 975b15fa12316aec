import { expect } from 'vitest';
import { client } from '../testing/test-fleet.ts';
import { newStaff, openScreen, password, signIn, whenLoaded, consoleTest as test } from './console-test.ts';

/** What each role finds in the side bar. */
const sections: Record<string, string[]> = {
  viewer: ['Today', 'Customers', 'Complaints', 'Products', 'Analytics', 'Company'],
  manager: ['Today', 'Customers', 'Complaints', 'Products', 'Analytics', 'Team', 'Company'],
  admin: 'Today,Customers,Complaints,Import,Products,Analytics,Team,API keys,Audit log,Failed events,Company'.split(
    ',',
  ),
};

test.for(Object.entries(sections))(
  'a %s finds what the role may read, and each of it opens',
  async ([role, expected], { fleet, browser }) => {
    const staff = await newStaff(fleet.url);
    const email = `${role}-${staff.email}`;
    expect((await staff.post('/api/v1/users', { email, password, first_name: 'Vera', role })).status).toBe(201);
    const screen = await openScreen(browser, fleet.url);
    const { page } = screen;
    await signIn(screen, email);
    const links = page.getByRole('navigation').first().getByRole('link');
    expect(await links.allTextContents()).toEqual(['Clientela', ...expected]);
    for (const name of expected) {
      await links.getByText(name, { exact: true }).click();
      await page.getByRole('heading', { level: 1 }).waitFor();
      await whenLoaded(page);
      expect(await page.getByRole('main').getByRole('alert').allTextContents(), name).toEqual([]);
    }
  },
);

test('who is suspended while a note is being written signs in again when that is over, and the note is still there', async ({
  fleet,
  browser,
}) => {
  const staff = await newStaff(fleet.url);
  const email = `manager-${staff.email}`;
  await staff.post('/api/v1/users', { email, password, first_name: 'Marta', role: 'manager' });
  const { id } = (await staff.get('/api/v1/users?search=Marta')).body.users[0];
  const { customer } = (await staff.post('/api/customers', { full_name: 'Olga Petrova' })).body;
  const { access_token } = (await client(fleet.url).post('/auth/login', { email, password })).body;
  const status = async () => (await client(fleet.url, access_token).get('/api/customers')).status;
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  await signIn(screen, email, `/console/customers/${customer.id}`);
  await page.getByRole('heading', { level: 1, name: 'Olga Petrova' }).waitFor();
  await page.keyboard.press('n');
  const note = page.getByRole('textbox', { name: 'What happened?' });
  await note.fill('Asked for the price list.');

  expect((await staff.put(`/api/v1/users/${id}`, { is_active: false })).status).toBe(200);
  await expect.poll(status).toBe(401); // gateways know of it within two seconds
  await note.press('Control+Enter');
  const dialog = page.getByRole('dialog', { name: 'You were signed out' });
  await dialog.waitFor();
  await dialog.getByLabel('Password', { exact: true }).fill(password);
  await dialog.getByRole('button', { name: 'Sign in' }).press('Enter');
  await dialog.getByRole('alert').waitFor();
  expect((await staff.get(`/api/customers/${customer.id}/notes`)).body.notes).toEqual([]);

  expect((await staff.put(`/api/v1/users/${id}`, { is_active: true })).status).toBe(200);
  await dialog.getByRole('button', { name: 'Sign in' }).press('Enter');
  await dialog.waitFor({ state: 'detached' });
  expect(await note.inputValue()).toBe('Asked for the price list.');
  await note.press('Control+Enter');
  await expect.poll(async () => (await staff.get(`/api/customers/${customer.id}/notes`)).body.notes.length).toBe(1);
});
