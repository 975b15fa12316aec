import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { client, type TestFleet } from '../testing/test-fleet.ts';
import { follow, openScreen, password, type Staff } from './console-test.ts';
import { created, inField } from './plant-canaries.ts';
import { assertShown } from './shown-canaries.ts';

/** Asserts that the open dialog has a name in its title. */
async function assertTitle(dialog: Locator, name: string): Promise<void> {
  await expect.poll(() => dialog.getByRole('heading').first().textContent()).toContain(name);
}

/** Asserts that a notification has a name, which the page itself may have too, and closes it. */
async function assertToast(page: Page, path: string, name: string): Promise<void> {
  const region = page.getByRole('region', { name: /notification/i });
  await expect.poll(() => region.allTextContents()).toEqual([expect.stringContaining(name)]);
  await assertShown(page, path, [name]);
  await region.getByRole('button', { name: 'Close' }).last().press('Enter');
  await region.waitFor({ state: 'detached' });
}

/** Names in questions before something is done, and in notifications after it. */
export async function assertDialogs(page: Page, staff: Staff, texts: readonly string[]): Promise<void> {
  const dialog = page.getByRole('alertdialog');
  for (const text of texts) {
    const name = inField(text, 'asked', 100);
    const unique = crypto.randomUUID();
    const { customer } = created(await staff.post('/api/customers', { full_name: name }));
    const { product } = created(await staff.post('/api/products', { name, price: '1.00' }));
    created(await staff.post('/api/v1/api-keys', { name, role: 'viewer' }));
    const person = { email: `${unique}@example.com`, password, role: 'viewer', first_name: name };
    const user = created(await staff.post('/api/v1/users', person));

    const customerPath = `/console/customers/${customer.id}`;
    await follow(page, `${customerPath}?tab=privacy`);
    await page.getByRole('button', { name: 'Erase this person' }).press('Enter');
    await assertTitle(dialog, name);
    await assertShown(page, customerPath, [name]);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Delete', exact: true }).press('Enter');
    await assertToast(page, customerPath, name);
    await page.getByRole('button', { name: 'Restore', exact: true }).press('Enter');
    await assertToast(page, customerPath, name);

    const productPath = `/console/products/${product.id}`;
    await follow(page, productPath);
    await page.getByRole('button', { name: 'Deactivate' }).press('Enter');
    await assertToast(page, productPath, name);

    const userPath = `/console/team/${user.id}`;
    await follow(page, userPath);
    await page.getByRole('button', { name: 'Reset second factor' }).press('Enter');
    await assertTitle(dialog, name);
    await dialog.getByRole('button', { name: 'Reset second factor' }).press('Enter');
    await assertToast(page, userPath, name);

    const keysPath = '/console/developers/keys';
    await page.goto(keysPath); // the list was read before this key was made
    await page.getByRole('button', { name: `Rotate ${name}`, exact: true }).press('Enter');
    await assertTitle(page.getByRole('dialog'), name);
    await assertShown(page, keysPath, [name]);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: `Revoke ${name}`, exact: true }).press('Enter');
    await assertTitle(dialog, name);
    await dialog.getByRole('button', { name: 'Revoke' }).press('Enter');
    await assertToast(page, keysPath, name);
  }
}

/** Names of companies on the screens of a superuser, who acts in each. */
export async function assertCompanies(
  fleet: TestFleet,
  browser: Parameters<typeof openScreen>[0],
  texts: readonly string[],
): Promise<void> {
  const { email, password: secret = '' } = fleet.superuser;
  const signedIn = created(await client(fleet.url).post('/auth/login', { email, password: secret }));
  const superuser = client(fleet.url, signedIn.access_token);
  const names = texts.map((text) => inField(text, `company ${crypto.randomUUID().slice(0, 8)}`));
  for (const name of names) created(await superuser.post('/api/v1/companies', { name }));
  const { page } = await openScreen(browser, fleet.url, { viewport: { width: 1600, height: 2400 } });
  const path = '/console/companies';
  await page.goto(`/console/sign-in?to=${encodeURIComponent(path)}`);
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(secret);
  await page.keyboard.press('Enter');
  await assertShown(page, path, names);
  const dialog = page.getByRole('alertdialog');
  for (const name of names) {
    await page.getByRole('button', { name: `Suspend ${name}`, exact: true }).press('Enter');
    await assertTitle(dialog, name);
    await dialog.getByRole('textbox').fill(name);
    await assertShown(page, path, [name]);
    await dialog.getByRole('button', { name: 'Suspend' }).press('Enter');
    await assertToast(page, path, name);
    await page.getByRole('button', { name: `Activate ${name}`, exact: true }).press('Enter');
    await assertToast(page, path, name);
    await page.getByRole('button', { name: `Act in ${name}`, exact: true }).press('Enter');
    const picker = page.getByRole('button', { name: `Acting in ${name}`, exact: true });
    await expect.poll(() => picker.textContent()).toBe(name);
    await picker.press('Enter');
    await page.getByRole('menu').waitFor();
    await assertShown(page, new URL(page.url()).pathname, names);
    await page.keyboard.press('Escape');
    await follow(page, '/console/settings');
    await assertShown(page, '/console/settings', [name]);
    await follow(page, path);
    await assertShown(page, path, names);
  }
}
