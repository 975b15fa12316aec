import { expect } from 'vitest';
import { cellOf, consoleTest, findBarriersInBothThemes, newStaff, openScreen, signIn } from './console-test.ts';

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
  expect(await findBarriersInBothThemes(page)).toEqual([]);
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

test('a customer is edited, suspended with a reason, deleted by somebody else while it is edited, and restored, without a mouse', async ({
  fleet,
  browser,
}) => {
  const staff = await newStaff(fleet.url);
  for (const full_name of ['Ana', 'Bea', 'Cleo']) await staff.post('/api/customers', { full_name });
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  await signIn(screen, staff.email, '/console/customers?sort=full_name');
  await cellOf(page, 0, 1).focus();
  await page.keyboard.press('Enter');
  const heading = (name: string) => page.getByRole('heading', { level: 1, name }).waitFor();
  await heading('Ana');
  await page.getByText('1 of 3').waitFor();
  await page.keyboard.press(']');
  await heading('Bea');
  await page.keyboard.press(']');
  await heading('Cleo');
  await page.keyboard.press('[');
  await heading('Bea');
  const id = page.url().split('/').at(-1);
  const stored = async () => (await staff.get(`/api/customers/${id}`)).body.customer;

  // The whole record as a form; somebody else changes another field and the same one.
  await page.keyboard.press('e');
  const dialog = page.getByRole('dialog', { name: 'Edit the customer' });
  await dialog.getByRole('textbox', { name: 'Name' }).waitFor();
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.type('Beatriz');
  expect(await findBarriersInBothThemes(page)).toEqual([]);
  await staff.put(`/api/customers/${id}`, { full_name: 'Bea Sosa', phone: '+34600111222' });
  await page.keyboard.press('ControlOrMeta+Enter');
  await dialog.getByText('Somebody else changed this meanwhile to: Bea Sosa').waitFor();
  expect(await dialog.getByRole('textbox', { name: 'Name' }).inputValue()).toBe('Beatriz');
  expect(await dialog.getByRole('textbox', { name: 'Phone' }).inputValue()).toBe('+34600111222');
  await page.keyboard.press('ControlOrMeta+Enter');
  await dialog.waitFor({ state: 'detached' });
  await heading('Beatriz');
  await expect.poll(stored).toMatchObject({ full_name: 'Beatriz', phone: '+34600111222' });

  await page.getByRole('button', { name: 'Status and type' }).press('Enter');
  const status = page.getByRole('dialog', { name: 'Status and type' });
  await status.getByRole('button', { name: /Status/ }).press('Enter');
  await page.getByRole('option', { name: 'Suspended' }).press('Enter');
  await status.getByRole('textbox', { name: 'Reason' }).focus();
  await page.keyboard.type('Unpaid invoices');
  expect(await findBarriersInBothThemes(page)).toEqual([]);
  await page.keyboard.press('ControlOrMeta+Enter');
  await page.getByText('Beatriz: Suspended, Regular').waitFor();
  const newestEntry = async () => (await staff.get(`/api/customers/${id}/history`)).body.history[0];
  await expect.poll(newestEntry).toMatchObject({ reason: 'Unpaid invoices' });

  // Deleted by somebody else while a field is edited: it says so, and what was typed stays.
  await page.getByRole('button', { name: 'City: empty' }).press('Enter');
  await page.keyboard.type('Lugo');
  await staff.delete(`/api/customers/${id}`);
  await page.keyboard.press('Enter');
  await page.getByText('This customer is deleted.').waitFor();
  await page.getByText('This customer was deleted. Restore it first.').waitFor();
  expect(await page.getByRole('textbox', { name: 'City' }).inputValue()).toBe('Lugo');
  await expect.poll(() => page.getByRole('button', { name: 'Edit' }).count()).toBe(0);
  expect(await findBarriersInBothThemes(page)).toEqual([]);
  await page.getByRole('button', { name: 'Restore' }).press('Enter');
  await page.getByText('This customer is deleted.').waitFor({ state: 'detached' });
  await page.getByRole('textbox', { name: 'City' }).press('Enter');
  await page.getByRole('button', { name: 'City: Lugo' }).waitFor();
  await expect.poll(stored).toMatchObject({ status: 'suspended', address: { city: 'Lugo' } });

  await page.getByRole('button', { name: 'Delete', exact: true }).press('Enter');
  await page.getByText('Beatriz is deleted').waitFor();
  await expect.poll(() => page.evaluate('document.activeElement.tagName')).toBe('H1');
  await expect.poll(() => page.getByRole('button', { name: 'Delete', exact: true }).count()).toBe(0);
  const toast = page.getByRole('alertdialog').filter({ hasText: 'Beatriz is deleted' });
  await toast.getByRole('button', { name: 'Undo' }).press('Enter');
  await page.getByRole('button', { name: 'Delete', exact: true }).waitFor();
  await expect.poll(stored).toMatchObject({ status: 'suspended' });

  // Removed permanently by somebody else meanwhile: what was shown and typed stays.
  await page.getByRole('button', { name: 'State: empty' }).press('Enter');
  await page.keyboard.type('Galicia');
  await staff.delete(`/api/customers/${id}?hard_delete=true`);
  await page.keyboard.press('Enter');
  await page.getByText('This customer does not exist any more').waitFor();
  expect(await page.getByRole('textbox', { name: 'State' }).inputValue()).toBe('Galicia');
  await expect.poll(() => page.getByRole('button', { name: 'Delete', exact: true }).count()).toBe(0);
  expect(await findBarriersInBothThemes(page)).toEqual([]);
  const others = screen.complaints.filter((text) => !text.includes('status of 404'));
  screen.complaints.splice(0, screen.complaints.length, ...others);
});
