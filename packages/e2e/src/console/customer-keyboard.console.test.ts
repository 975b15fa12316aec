import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { consoleTest, newStaff, openScreen, signIn } from './console-test.ts';

const test = consoleTest;

/** The accessible name of what has the focus. */
const focused = (page: Page) =>
  page.evaluate<string>(`(() => {
    const it = document.activeElement;
    if (it === document.body) return 'nothing';
    return (it.getAttribute('aria-label') ?? it.labels?.[0]?.textContent ?? it.textContent ?? '').trim();
  })()`);
const maxSteps = 120;

/** Goes by Tab alone, as far as something with that name. */
async function tabTo(page: Page, name: RegExp, key = 'Tab'): Promise<void> {
  const seen: string[] = [];
  for (let step = 0; step < maxSteps; step += 1) {
    await page.keyboard.press(key);
    seen.push(await focused(page));
    if (name.test(seen.at(-1) ?? '')) return;
  }
  throw new Error(`Tab does not lead to ${name.source}, but to ${[...new Set(seen)].join(' | ')}`);
}

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
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const isSomewhere = () => expect.poll(() => focused(page)).not.toBe('nothing');
  /** Takes the newest change back: F6 leads to what is said about it. */
  const undo = async () => {
    await press('F6');
    await tabTo(page, /^Undo$/);
    await press('Enter');
    await isSomewhere();
  };

  // A fact, in its place.
  await tabTo(page, /^City: Lugo$/);
  await press('Enter');
  await expect.poll(() => focused(page)).toBe('City');
  await press('ControlOrMeta+A');
  await page.keyboard.type('Vigo');
  await press('Enter');
  await expect.poll(() => focused(page)).toBe('City: Vigo');
  await expect.poll(stored).toMatchObject({ address: { city: 'Vigo' } });

  // A tag.
  await tabTo(page, /^Remove the tag Wholesale$/, 'Shift+Tab');
  await press('Enter');
  await expect.poll(stored).toMatchObject({ tags: [] });
  await isSomewhere();
  await undo();
  await expect.poll(stored).toMatchObject({ tags: ['Wholesale'] });

  // Tabs by the arrows; an earlier value, restored from the history.
  await page.getByRole('tab', { name: 'Timeline' }).waitFor();
  await tabTo(page, /^Timeline$/);
  await press('End', 'ArrowLeft');
  await expect.poll(() => focused(page)).toBe('History');
  await page.getByRole('button', { name: 'Restore City: Lugo' }).waitFor();
  await tabTo(page, /^Restore City: Lugo$/);
  await press('Enter');
  await expect.poll(stored).toMatchObject({ address: { city: 'Lugo' } });
  await isSomewhere();
  await undo();
  await expect.poll(stored).toMatchObject({ address: { city: 'Vigo' } });

  // A complaint is resolved, a transaction cancelled, a note deleted.
  await tabTo(page, /^History$/, 'Shift+Tab');
  await press('Home', 'ArrowRight');
  await page.getByRole('button', { name: 'Resolve' }).waitFor();
  await tabTo(page, /^Resolve$/);
  await press('Enter');
  await panel.getByText('Resolved').waitFor();
  await isSomewhere();
  await tabTo(page, /^Interactions$/, 'Shift+Tab');
  await press('ArrowRight');
  await page.getByRole('button', { name: 'Cancel it' }).waitFor();
  await tabTo(page, /^Cancel it$/);
  await press('Enter');
  await page.getByRole('alertdialog', { name: 'Cancel this transaction?' }).waitFor();
  await tabTo(page, /^Cancel the transaction$/);
  await press('Enter');
  await panel.getByText('Cancelled').waitFor();
  await page.getByRole('alertdialog', { name: 'Cancel this transaction?' }).waitFor({ state: 'detached' });
  await isSomewhere();
  await tabTo(page, /^Transactions$/, 'Shift+Tab');
  await press('ArrowRight', 'ArrowRight', 'ArrowRight');
  await expect.poll(() => focused(page)).toBe('Notes');
  await page.getByRole('button', { name: 'Delete the note' }).waitFor();
  await tabTo(page, /^Delete the note$/);
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
