import { expect } from 'vitest';
import { consoleTest, newStaff, openScreen, signIn } from './console-test.ts';
import { focused, keyTo, press as pressKeys, undo as undoNewest } from './keyboard.ts';

const test = consoleTest;

test('the whole page of a customer is worked with by Tab, Enter, arrows and letters alone; the focus is never nowhere', async ({
  fleet,
  browser,
}) => {
  const staff = await newStaff(fleet.url);
  const { customer } = (
    await staff.post('/api/customers', { full_name: 'Bruno Sosa', address: { city: 'Lugo' }, tags: ['Wholesale'] })
  ).body;
  const at = `/api/customers/${customer.id}`;
  await staff.post(`${at}/interactions`, { type: 'complaint', notes: 'The frame broke' });
  await staff.post(`${at}/transactions`, { kind: 'order', direction: 'in', amount: '7.00', status: 'pending' });
  await staff.post(`${at}/notes`, { content: 'Prefers mornings' });
  const stored = async () => (await staff.get(at)).body.customer;
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  await signIn(screen, staff.email, `/console/customers/${customer.id}`);
  const panel = page.getByRole('tabpanel');
  await panel.getByText('Prefers mornings').waitFor();
  const press = (...keys: string[]) => pressKeys(page, ...keys);
  const isSomewhere = () => expect.poll(() => focused(page)).not.toBe('nothing');
  const undo = async () => {
    await undoNewest(page);
    await isSomewhere();
  };

  // A fact, in its place.
  await keyTo(page, /^City: Lugo$/);
  await press('Enter');
  await expect.poll(() => focused(page)).toBe('City');
  await press('ControlOrMeta+A');
  await page.keyboard.type('Vigo');
  await press('Enter');
  await expect.poll(() => focused(page)).toBe('City: Vigo');
  await expect.poll(stored).toMatchObject({ address: { city: 'Vigo' } });

  // Tab leaves a fact, stores it, and goes on.
  await keyTo(page, /^State: empty$/);
  await press('Enter');
  await expect.poll(() => focused(page)).toBe('State');
  await page.keyboard.type('Galicia');
  await press('Tab');
  await expect.poll(stored).toMatchObject({ address: { state: 'Galicia' } });
  expect(await focused(page)).toMatch(/^(?!State).+: empty$/);

  // A tag.
  await keyTo(page, /^Remove the tag Wholesale$/, 'Shift+Tab');
  await press('Enter');
  await expect.poll(stored).toMatchObject({ tags: [] });
  await isSomewhere();
  await undo();
  await expect.poll(stored).toMatchObject({ tags: ['Wholesale'] });

  // Tabs by the arrows; an earlier value, restored from the history.
  await page.getByRole('tab', { name: 'Timeline' }).waitFor();
  await keyTo(page, /^Timeline$/);
  await press('End', 'ArrowLeft');
  await expect.poll(() => focused(page)).toBe('History');
  await page.getByRole('button', { name: 'Restore City: Lugo' }).waitFor();
  await keyTo(page, /^Restore City: Lugo$/);
  await press('Enter');
  await expect.poll(stored).toMatchObject({ address: { city: 'Lugo' } });
  await isSomewhere();
  await undo();
  await expect.poll(stored).toMatchObject({ address: { city: 'Vigo' } });

  // A complaint is resolved, a transaction cancelled, a note deleted.
  await keyTo(page, /^History$/, 'Shift+Tab');
  await press('Home', 'ArrowRight');
  await page.getByRole('button', { name: 'Resolve' }).waitFor();
  await keyTo(page, /^Resolve$/);
  await press('Enter');
  await panel.getByText('Resolved').waitFor();
  await isSomewhere();
  await keyTo(page, /^Interactions$/, 'Shift+Tab');
  await press('ArrowRight');
  await page.getByRole('button', { name: 'Cancel it' }).waitFor();
  await keyTo(page, /^Cancel it$/);
  await press('Enter');
  await page.getByRole('alertdialog', { name: 'Cancel this transaction?' }).waitFor();
  await keyTo(page, /^Cancel the transaction$/);
  await press('Enter');
  await panel.getByText('Cancelled').waitFor();
  await page.getByRole('alertdialog', { name: 'Cancel this transaction?' }).waitFor({ state: 'detached' });
  await isSomewhere();
  await keyTo(page, /^Transactions$/, 'Shift+Tab');
  await press('ArrowRight', 'ArrowRight', 'ArrowRight');
  await expect.poll(() => focused(page)).toBe('Notes');
  await page.getByRole('button', { name: 'Delete the note' }).waitFor();
  await keyTo(page, /^Delete the note$/);
  await press('Enter');
  await page.getByText('There are no notes.').waitFor();
  await isSomewhere();
  await undo();
  await page.getByText('Prefers mornings').waitFor();

  // A letter opens the form, and the focus comes back.
  await press('e');
  await expect.poll(() => focused(page)).toBe('Name');
  await press('Escape');
  await page.getByRole('dialog', { name: 'Edit the customer' }).waitFor({ state: 'detached' });
  await isSomewhere();
});
