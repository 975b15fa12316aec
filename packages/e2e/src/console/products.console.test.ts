import { expect } from 'vitest';
import { canaries } from './canaries.ts';
import { consoleTest, newStaff, openScreen, signIn } from './console-test.ts';

const test = consoleTest;

test('a product is created, corrected and taken out of the offer without a mouse', async ({ fleet, browser }) => {
  const staff = await newStaff(fleet.url);
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  await signIn(screen, staff.email);
  await page.keyboard.press('g');
  await page.keyboard.press('p');
  await page.getByRole('heading', { level: 1, name: 'Products' }).waitFor();
  await page.getByText('There are no products yet.').waitFor();

  await page.keyboard.press('c');
  const dialog = page.getByRole('dialog', { name: 'New product' });
  await expect.poll(() => page.evaluate('document.activeElement.tagName')).toBe('INPUT');
  await page.keyboard.type('Reading glasses');
  await page.keyboard.press('Tab');
  await page.keyboard.type('a lot');
  await page.keyboard.press('Escape');
  await dialog.waitFor(); // what was typed is not lost
  await page.keyboard.press('ControlOrMeta+Enter');
  await expect.poll(() => dialog.getByRole('textbox', { name: 'Price' }).getAttribute('aria-invalid')).toBe('true');
  await expect.poll(() => page.evaluate('document.activeElement.getAttribute("aria-invalid")')).toBe('true');
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.type('19,90');
  await page.keyboard.press('ControlOrMeta+Enter');
  await page.getByRole('heading', { level: 1, name: 'Reading glasses' }).waitFor();
  await page.getByText('Favorite of 0 customers').waitFor();

  await page.getByRole('button', { name: 'Deactivate' }).press('Enter');
  await page.getByText('Reading glasses is no longer offered').waitFor();
  await page.getByRole('button', { name: 'Activate' }).waitFor();
  await page.getByRole('button', { name: 'Undo' }).press('Enter');
  await page.getByRole('button', { name: 'Deactivate' }).waitFor();
  const products = async () => (await staff.get('/api/products')).body.products;
  const product = { name: 'Reading glasses', price: '19.90', is_active: true };
  await expect.poll(products).toEqual([expect.objectContaining(product)]);
});

test('two people change one product: other fields are joined, the same field asks, nothing typed is lost', async ({
  fleet,
  browser,
}) => {
  const staff = await newStaff(fleet.url);
  const { id } = (await staff.post('/api/products', { name: 'Lens', price: '10.00' })).body.product;
  const stored = async () => (await staff.get(`/api/products/${id}`)).body.product;
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  await signIn(screen, staff.email, `/console/products/${id}`);
  await page.getByRole('textbox', { name: 'Name' }).fill('Thin lens');
  await staff.put(`/api/products/${id}`, { price: '12.00' });
  await page.keyboard.press('ControlOrMeta+Enter');
  await page.getByText('Saved. Somebody else had changed: Price').waitFor();
  await expect.poll(stored).toMatchObject({ name: 'Thin lens', price: '12.00' });
  expect(await page.getByRole('textbox', { name: 'Price' }).inputValue()).toBe('12.00');

  await page.getByRole('textbox', { name: 'Price' }).fill('13.00');
  await staff.put(`/api/products/${id}`, { price: '14.00' });
  await page.keyboard.press('ControlOrMeta+Enter');
  await page.getByText('Somebody else changed this meanwhile to: 14.00').waitFor();
  expect(await page.getByRole('textbox', { name: 'Price' }).inputValue()).toBe('13.00');
  expect(await stored()).toMatchObject({ price: '14.00' });

  // A changed form asks before it is left.
  await page.keyboard.press('Escape');
  await page.getByRole('link', { name: 'Team' }).click();
  await page.getByRole('alertdialog', { name: 'Leave without saving?' }).waitFor();
  await page.getByRole('button', { name: 'Keep editing' }).click();
  await page.getByRole('textbox', { name: 'Price' }).press('ControlOrMeta+Enter');
  await expect.poll(stored).toMatchObject({ name: 'Thin lens', price: '13.00' });
  const save = page.getByRole('button', { name: 'Save' });
  await expect.poll(() => save.isDisabled()).toBe(true);

  // Both stored the same: nothing is left to send.
  const sent: string[] = [];
  page.on('request', (request) => void (request.method() !== 'GET' && sent.push(request.postData() ?? '')));
  await page.getByRole('textbox', { name: 'Price' }).fill('15.00');
  await staff.put(`/api/products/${id}`, { price: '15.00' });
  await page.keyboard.press('ControlOrMeta+Enter');
  await expect.poll(() => save.isDisabled()).toBe(true);
  expect(sent).toEqual(['{"price":"15.00"}']);
});

test('the address holds the filters of a list; what people typed is shown as they typed it', async ({
  fleet,
  browser,
}) => {
  const staff = await newStaff(fleet.url);
  for (const name of canaries) await staff.post('/api/products', { name, price: '1.00' });
  const stored = (await staff.get('/api/products?per_page=100&sort=name')).body.products as { name: string }[];
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  await signIn(screen, staff.email, '/console/products');
  const names = page.getByRole('rowheader').getByRole('link');
  await expect.poll(() => names.allTextContents()).toEqual(stored.map(({ name }) => name));
  expect(await page.evaluate('window.canary')).toBeUndefined();
  const search = page.getByRole('searchbox', { name: 'Search by name or SKU' });
  await search.pressSequentially('no ');
  await page.waitForURL('**/console/products?search=no');
  await search.pressSequentially('such');
  await page.waitForURL(/search=no(\+|%20)such$/); // the space stayed while the list was searched
  await search.press('Escape');
  await page.waitForURL('**/console/products');
  await search.fill('evil');
  await search.press('Enter');
  await page.waitForURL('**/console/products?search=evil');
  await page.getByRole('button', { name: /Active only/ }).press('Enter');
  await page.getByRole('option', { name: 'All states' }).press('Enter');
  await page.waitForURL('**/console/products?search=evil&state=all');
  await page.reload();
  await page.getByRole('button', { name: /All states/ }).waitFor();
  expect(await search.inputValue()).toBe('evil');
});
