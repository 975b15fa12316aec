import { expect } from 'vitest';
import { consoleTest, findBarriers, newStaff, openScreen, signIn } from './console-test.ts';

const test = consoleTest;

test('a customer is created without a mouse: errors and the one who has the value stand at the field, nothing typed is lost', async ({
  fleet,
  browser,
}) => {
  const staff = await newStaff(fleet.url);
  const other = (await staff.post('/api/customers', { full_name: 'Cora', email: 'cora@example.com' })).body.customer;
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  const focused = (name: string) => page.evaluate<string>(`document.activeElement.getAttribute('${name}')`);
  await signIn(screen, staff.email, '/console/customers');
  await page.getByText('1 customer', { exact: true }).waitFor();
  await page.keyboard.press('c');
  const dialog = page.getByRole('dialog', { name: 'New customer' });
  await expect.poll(() => page.evaluate('document.activeElement.tagName')).toBe('INPUT');
  await page.keyboard.type('Bruno Sosa');
  await page.keyboard.press('Tab');
  await page.keyboard.type('bruno@');
  await page.keyboard.press('Escape'); // what was typed is not lost
  await page.keyboard.press('ControlOrMeta+Enter');
  await expect.poll(() => focused('aria-invalid')).toBe('true');
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.type('CORA@example.com');
  await page.keyboard.press('ControlOrMeta+Enter');
  await dialog.getByText('Another customer has this e-mail.').waitFor();
  await dialog.getByRole('link', { name: `Show customer ${other.number}` }).waitFor();
  expect(await findBarriers(page)).toEqual([]);
  expect(await dialog.getByRole('textbox', { name: 'Name' }).inputValue()).toBe('Bruno Sosa');
  await expect.poll(() => focused('aria-invalid')).toBe('true');
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.type('bruno@example.com');
  await page.keyboard.press('ControlOrMeta+Enter');
  await page.getByRole('heading', { level: 1, name: 'Bruno Sosa' }).waitFor();
  expect((await staff.get('/api/customers?search=bruno')).body.customers).toMatchObject([
    { full_name: 'Bruno Sosa', email: 'bruno@example.com', type: 'regular' },
  ]);
});
