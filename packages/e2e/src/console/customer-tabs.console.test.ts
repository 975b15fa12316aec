import { expect } from 'vitest';
import { consoleTest, findBarriersInBothThemes, newStaff, openScreen, signIn } from './console-test.ts';

const test = consoleTest;

test('appointments, complaints, orders and favorites of a customer are recorded, carried on and taken back without a mouse', async ({
  fleet,
  browser,
}) => {
  const staff = await newStaff(fleet.url);
  await staff.post('/api/products', { name: 'Reading glasses', price: '10.00' });
  const { customer } = (await staff.post('/api/customers', { full_name: 'Bruno Sosa' })).body;
  const at = `/api/customers/${customer.id}`;
  await staff.post(`${at}/interactions`, { type: 'complaint', notes: 'The frame broke', priority: 'high' });
  await staff.post(`${at}/transactions`, { kind: 'order', direction: 'in', amount: '7.00', currency: 'CHF' });
  const interactions = async () => (await staff.get(`${at}/interactions`)).body.interactions;
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  await signIn(screen, staff.email, `/console/customers/${customer.id}?tab=interactions`);
  const press = (name: string | RegExp, exact = true) => page.getByRole('button', { name, exact }).press('Enter');
  const row = (text: string) => page.getByRole('listitem').filter({ hasText: text });

  await row('The frame broke').getByText('High').waitFor();
  await press('Resolve');
  await row('The frame broke').getByText('Resolved').waitFor();
  await expect.poll(() => page.evaluate('document.activeElement.getAttribute("role")')).toBe('tab');
  await press('Undo');
  await row('The frame broke').getByText('Open', { exact: true }).waitFor();
  // Somebody else carries it on before it is taken back: theirs stays.
  await press('Resolve');
  await row('The frame broke').getByText('Resolved').waitFor();
  await expect.poll(async () => (await interactions())[0].status).toBe('resolved');
  const [complaint] = await interactions();
  await staff.put(`${at}/interactions/${complaint.id}`, { status: 'closed' });
  await press('Undo');
  await page.getByText('Somebody else changed this record meanwhile.').waitFor();
  await row('The frame broke').getByText('Closed').waitFor();
  await press('New interaction');
  const dialog = page.getByRole('dialog', { name: 'New interaction' });
  await dialog.getByRole('textbox', { name: 'What happened' }).waitFor();
  await page.keyboard.press('ControlOrMeta+Enter'); // without a word
  await page.keyboard.type('Fitting');
  await page.keyboard.press('Escape'); // what was typed is not lost
  expect(await findBarriersInBothThemes(page)).toEqual([]);
  await page.keyboard.press('ControlOrMeta+Enter');
  await row('Fitting').getByText('Booked').waitFor();
  await dialog.waitFor({ state: 'detached' });
  const notes = async () => (await interactions()).map((each: { notes: string }) => each.notes);
  await expect.poll(notes).toContain('Fitting');
  const { id, version } = (await interactions()).find(({ notes }: { notes: string }) => notes === 'Fitting');
  // Somebody else changes it while it is edited: both changes stay.
  await row('Fitting').getByRole('button', { name: 'Edit the interaction' }).press('Enter');
  await page.getByRole('dialog').getByRole('textbox', { name: 'What happened' }).waitFor();
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.type('Fitting of the lenses');
  await staff.put(`${at}/interactions/${id}`, { status: 'done' });
  await page.keyboard.press('ControlOrMeta+Enter');
  await row('Fitting of the lenses').getByText('Done').waitFor();
  const storedVersion = async () => (await staff.get(`${at}/interactions/${id}`)).body.interaction.version;
  await expect.poll(storedVersion).toBe(version + 2);
  await row('Fitting of the lenses').getByRole('button', { name: 'Delete' }).press('Enter');
  await row('Fitting').waitFor({ state: 'detached' });
  await page
    .getByRole('alertdialog')
    .filter({ hasText: 'The interaction was deleted' })
    .getByRole('button', { name: 'Undo' })
    .press('Enter');
  await row('Fitting of the lenses').getByText('Done').waitFor();

  await page.getByRole('tab', { name: 'Interactions' }).focus();
  await page.keyboard.press('ArrowRight');
  await row('CHF').getByText('Order').waitFor();
  await press('New transaction');
  await page.getByRole('dialog').getByRole('textbox', { name: 'Amount' }).waitFor();
  await page.keyboard.type('a lot');
  await page.keyboard.press('ControlOrMeta+Enter');
  await expect.poll(() => page.evaluate('document.activeElement.getAttribute("aria-invalid")')).toBe('true');
  expect(await findBarriersInBothThemes(page)).toEqual([]);
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.type('19,90');
  await page.keyboard.press('ControlOrMeta+Enter');
  await row('19.90').waitFor();
  const totals = page.getByRole('tabpanel').getByRole('definition');
  await expect.poll(() => totals.allTextContents()).toEqual([expect.stringContaining('19.90'), '7.00 CHF']);
  await row('19.90').getByRole('button', { name: 'Cancel it' }).press('Enter');
  await page.getByRole('alertdialog', { name: 'Cancel this transaction?' }).waitFor();
  await press('Cancel the transaction');
  await row('19.90').getByText('Cancelled').waitFor();
  await expect.poll(async () => (await totals.allTextContents())[0]).toContain('0.00');

  for (const [tab, text] of [
    ['Orders', '7.00'],
    ['Complaints', 'The frame broke'],
  ] as const) {
    await page.getByRole('tab', { name: tab }).press('Enter');
    await row(text).waitFor();
    expect(await findBarriersInBothThemes(page), tab).toEqual([]);
  }

  await page.getByRole('tab', { name: 'Favorites' }).press('Enter');
  await press('Add a favorite');
  await page.getByRole('dialog').getByRole('button', { name: 'Reading glasses' }).press('Enter');
  await row('Reading glasses').getByRole('link').waitFor();
  await press('Remove Reading glasses from the favorites');
  await page.getByText('There are no favorites.').waitFor();
  await page
    .getByRole('alertdialog')
    .filter({ hasText: 'no favorite any more' })
    .getByRole('button', { name: 'Undo' })
    .press('Enter');
  await row('Reading glasses').getByRole('link').waitFor();
  for (const [tab, text] of [
    ['Favorites', 'Reading glasses'],
    ['Transactions', 'CHF'],
    ['Interactions', 'Fitting of the lenses'],
  ] as const) {
    await page.getByRole('tab', { name: tab }).press('Enter');
    await page.getByRole('tabpanel').getByText(text).first().waitFor();
    expect(await findBarriersInBothThemes(page), tab).toEqual([]);
  }
});

test('the tabs stand in one line in a window of 1280 px, in the languages with the longest words too', async ({
  fleet,
  browser,
}) => {
  const staff = await newStaff(fleet.url);
  const { customer } = (await staff.post('/api/customers', { full_name: 'Bruno Sosa' })).body;
  for (const locale of ['en', 'es', 'pt', 'ro', 'ru']) {
    const screen = await openScreen(browser, fleet.url, { locale });
    await signIn(screen, staff.email, `/console/customers/${customer.id}`);
    await screen.page.getByRole('tab').first().waitFor();
    // Read at once: what is loaded above the tabs moves them together.
    const tops = await screen.page.evaluate<number[]>(
      '[...document.querySelectorAll("[role=tab]")].map((tab) => tab.getBoundingClientRect().top)',
    );
    expect(tops).toHaveLength(9);
    expect(new Set(tops).size, locale).toBe(1);
  }
});
