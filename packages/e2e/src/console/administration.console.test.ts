import { totpCode } from '@clientela/testing';
import { expect } from 'vitest';
import { client } from '../testing/test-fleet.ts';
import { consoleTest, findBarriers, newStaff, openScreen, password, signIn } from './console-test.ts';

const test = consoleTest;

test('a person is invited, gets another role and loses the access, each of which can be taken back', async ({
  fleet,
  browser,
}) => {
  const staff = await newStaff(fleet.url);
  const email = `new-${staff.email}`;
  await staff.post('/api/v1/users', { email, password, first_name: 'Mihai', role: 'viewer' });
  const { id } = (await staff.get('/api/v1/users?search=Mihai')).body.users[0];
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  await signIn(screen, staff.email, '/console/team');
  await page.getByRole('row', { name: /Mihai/ }).waitFor();
  await page.keyboard.press('c');
  const dialog = page.getByRole('dialog', { name: 'Invite' });
  await dialog.getByRole('textbox', { name: 'E-mail' }).fill(staff.email);
  await page.keyboard.press('Enter');
  await dialog.getByText('Somebody has an account with this e-mail already.').waitFor();
  await dialog.getByRole('textbox', { name: 'E-mail' }).fill(`invited-${staff.email}`);
  await page.keyboard.press('Enter');
  await page.getByText(`invited-${staff.email} is invited`).waitFor();
  const row = page.getByRole('row', { name: new RegExp(`invited-${staff.email}`) });
  await row.getByText('Ana Prieto').waitFor();
  await row.getByRole('button', { name: /^Revoke/ }).press('Enter');
  await row.getByText('Revoked').waitFor();

  await page.getByRole('link', { name: 'Mihai' }).press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Mihai' }).waitFor();
  await page.getByRole('button', { name: /Role/ }).press('Enter');
  await page.getByRole('option', { name: 'manager' }).press('Enter');
  await page.getByText('Mihai is now: manager').waitFor();
  const stored = async () => (await staff.get(`/api/v1/users/${id}`)).body;
  await expect.poll(stored).toMatchObject({ role: 'manager' });
  await page.getByRole('button', { name: 'Undo' }).press('Enter');
  await expect.poll(stored).toMatchObject({ role: 'viewer' });
  await page.getByRole('button', { name: 'Deactivate' }).press('Enter');
  await page.getByText('Mihai may no longer sign in').waitFor();
  await expect.poll(stored).toMatchObject({ is_active: false });
});

test('a second factor is set up by its picture, its recovery codes are shown once, and it is turned off', async ({
  fleet,
  browser,
}) => {
  const staff = await newStaff(fleet.url);
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  await signIn(screen, staff.email, '/console/me');
  await page.getByRole('button', { name: 'Set up second factor' }).press('Enter');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Password', { exact: true }).fill(password);
  await page.keyboard.press('Enter');
  const picture = dialog.getByRole('img', { name: 'QR code for the authenticator app' });
  await picture.waitFor();
  await expect
    .poll(() => page.evaluate<number>('document.querySelector("[role=dialog] img").naturalWidth'))
    .toBeGreaterThan(0);
  expect(await findBarriers(page)).toEqual([]);
  const secret = (await dialog.locator('code').textContent()) ?? '';
  await dialog.getByRole('textbox', { name: 'Code' }).fill('000000');
  await page.keyboard.press('Enter');
  await dialog.getByText('The code is wrong').waitFor();
  await dialog.getByRole('textbox', { name: 'Code' }).fill(totpCode(secret, Date.now()));
  await page.keyboard.press('Enter');
  await dialog.getByRole('heading', { name: 'Your recovery codes' }).waitFor();
  const codes = await dialog.getByRole('listitem').allTextContents();
  expect(codes).toHaveLength(10);
  await page.keyboard.press('Escape');
  expect(await dialog.getByRole('button', { name: 'Done' }).isDisabled()).toBe(true);
  const download = page.waitForEvent('download');
  await dialog.getByRole('button', { name: 'Download' }).press('Enter');
  expect((await download).suggestedFilename()).toBe('clientela-recovery-codes.txt');
  await dialog.getByRole('checkbox', { name: 'I have stored the codes' }).press('Space');
  await dialog.getByRole('button', { name: 'Done' }).press('Enter');
  await page.getByText('10 recovery codes are left.').waitFor();

  await page.getByRole('button', { name: 'Turn off second factor' }).press('Enter');
  await dialog.getByLabel('Password', { exact: true }).fill(password);
  await dialog.getByRole('button', { name: 'Use a recovery code' }).press('Enter');
  await dialog.getByRole('textbox', { name: 'Recovery code' }).fill(codes[0] ?? '');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Set up second factor' }).waitFor();
});

test('a key is shown once, works, is rotated and revoked', async ({ fleet, browser }) => {
  const staff = await newStaff(fleet.url);
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  await signIn(screen, staff.email, '/console/developers/keys');
  await page.getByText('No program of your company has a key yet.').waitFor();
  await page.keyboard.press('c');
  await page.getByRole('textbox', { name: 'Name' }).fill('web shop');
  await page.getByRole('checkbox', { name: 'Only a part of what the role may do' }).press('Space');
  await page.getByRole('checkbox', { name: 'products:read' }).press('Space');
  await page.getByRole('button', { name: 'Create key' }).press('Enter');
  const dialog = page.getByRole('dialog', { name: 'The key of web shop' });
  const key = (await dialog.getByRole('listitem').textContent()) ?? '';
  expect((await client(fleet.url, key).get('/api/products')).status).toBe(200);
  expect((await client(fleet.url, key).get('/api/customers')).status).toBe(403);
  await dialog.getByRole('button', { name: 'I have stored it' }).press('Enter');
  await page.getByText('viewer, 1 permission').waitFor();

  await page.getByRole('button', { name: 'Rotate web shop' }).press('Enter');
  await page.getByRole('button', { name: 'Rotate', exact: true }).press('Enter');
  await page.getByRole('button', { name: 'I have stored it' }).press('Enter');
  expect((await client(fleet.url, key).get('/api/products')).status).toBe(200);
  await page.getByRole('button', { name: 'Revoke web shop' }).last().press('Enter');
  await page.getByRole('button', { name: 'Revoke', exact: true }).press('Enter');
  await page.getByText('web shop is revoked').waitFor();

  await page.goto('/console/audit?action=api_key.created');
  await page.getByRole('cell', { name: 'Ana Prieto' }).first().waitFor();
  const actions = await page.getByRole('rowheader').allTextContents();
  expect(new Set(actions)).toEqual(new Set(['api_key.created']));
});

test('failed events say why, and are dropped with a reason only', async ({ fleet, browser }) => {
  const staff = await newStaff(fleet.url);
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  const event = {
    id: '0190a0b0-0000-7000-8000-000000000001',
    name: 'customer.created',
    service: 'interaction',
    subscriber: 'erasures',
    reason: '<img src=x onerror=window.canary=1>',
    attempts: 8,
    business_id: staff.user.business_id,
    data: {},
    sequence: 1,
    failed_at: '2026-01-02T03:04:05.000Z',
    occurred_at: '2026-01-02T03:00:05.000Z',
  };
  const events = [event];
  await page.route('**/api/v1/events/failed?*', (route) =>
    route.fulfill({ json: { events, next_cursor: null, per_page: 50, unavailable: ['favorites'] } }),
  );
  const bodies: unknown[] = [];
  await page.route(`**/api/v1/events/failed/${event.id}*`, (route) => {
    bodies.push(route.request().postDataJSON());
    events.length = 0;
    return route.fulfill({ json: { message: 'Event dropped' } });
  });
  await signIn(screen, staff.email, '/console/events/failed');
  await page.getByText(event.reason).waitFor();
  await page.getByText('as they are away: favorites').waitFor();
  await page.getByRole('button', { name: 'Drop customer.created' }).press('Enter');
  const dialog = page.getByRole('alertdialog');
  expect(await dialog.getByRole('button', { name: 'Drop' }).isDisabled()).toBe(true);
  await dialog.getByRole('textbox', { name: 'Reason' }).fill('sent twice');
  await page.keyboard.press('Enter');
  await page.getByText('No event has failed.').waitFor();
  expect(bodies).toEqual([{ reason: 'sent twice' }]);
  expect(await page.evaluate('window.canary')).toBeUndefined();
});

test('an admin changes the company; a manager sees no button that would be refused', async ({ fleet, browser }) => {
  const staff = await newStaff(fleet.url);
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  await signIn(screen, staff.email, '/console/settings');
  const sent: unknown[] = [];
  page.on('request', (request) => void (request.method() === 'PUT' && sent.push(request.postDataJSON())));
  const currency = page.getByRole('textbox', { name: 'Currency code' });
  await currency.press('ControlOrMeta+Enter'); // changes nothing, so nothing is sent
  await currency.fill('ron');
  await page.keyboard.press('ControlOrMeta+Enter');
  await page.getByText('Saved').waitFor();
  const stored = async () => (await staff.get(`/api/v1/companies/${staff.user.business_id}`)).body.currency;
  await expect.poll(stored).toBe('RON');
  expect(sent).toEqual([{ currency: 'RON' }]);

  const email = `manager-${staff.email}`;
  await staff.post('/api/v1/users', { email, password, first_name: 'Max', role: 'manager' });
  const other = await openScreen(browser, fleet.url);
  await signIn(other, email, '/console/team');
  await other.page.getByRole('row', { name: /Ana Prieto/ }).waitFor();
  expect(await other.page.getByRole('button', { name: 'Invite' }).count()).toBe(0);
  const links = await other.page.getByRole('navigation').first().getByRole('link').allTextContents();
  for (const hidden of ['API keys', 'Audit log', 'Failed events', 'Companies']) expect(links).not.toContain(hidden);
  await other.page.goto('/console/settings');
  await other.page.getByText('RON').waitFor();
  expect(await other.page.getByRole('textbox').count()).toBe(0);
});

test('a superuser suspends a company by typing its name, and acts in another', async ({ fleet, browser }) => {
  const [staff, other] = [await newStaff(fleet.url), await newStaff(fleet.url)];
  const [name, otherName] = [`Suspended ${staff.email.slice(0, 8)}`, `Other ${other.email.slice(0, 8)}`];
  await staff.put(`/api/v1/companies/${staff.user.business_id}`, { name });
  await other.put(`/api/v1/companies/${other.user.business_id}`, { name: otherName });
  const { page } = await openScreen(browser, fleet.url);
  await page.goto('/console/sign-in?to=%2Fconsole%2Fcompanies');
  await page.getByLabel('E-mail').fill(fleet.superuser.email);
  await page.getByLabel('Password', { exact: true }).fill(fleet.superuser.password ?? '');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: `Suspend ${name}` }).press('Enter');
  const dialog = page.getByRole('alertdialog');
  const suspend = dialog.getByRole('button', { name: 'Suspend' });
  await dialog.getByRole('textbox').fill('Suspended');
  expect(await suspend.isDisabled()).toBe(true);
  await dialog.getByRole('textbox').fill(name);
  await page.keyboard.press('Enter');
  await page.getByText(`${name} is suspended`).waitFor();
  await expect.poll(async () => (await staff.get('/auth/me')).status).toBe(401);
  expect((await other.get('/auth/me')).status).toBe(200);
  await page.getByRole('button', { name: `Act in ${otherName}` }).press('Enter');
  await page.getByRole('button', { name: `Acting in ${otherName}` }).waitFor();
  await page.getByRole('link', { name: 'Companies' }).press('Enter');
  // All companies, not only the one that the superuser acts in.
  await page.getByRole('row', { name: new RegExp(name) }).waitFor();
});
