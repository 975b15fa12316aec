import { expect } from 'vitest';
import { consoleTest, findBarriers, newStaff, openScreen, signIn, type Screen, type Staff } from './console-test.ts';

const test = consoleTest;

async function openCustomer(staff: Staff, screen: Screen, data: object): Promise<string> {
  const { body } = await staff.post('/api/customers', data);
  await signIn(screen, staff.email, `/console/customers/${body.customer.id}`);
  await screen.page.getByRole('heading', { level: 1 }).waitFor();
  return body.customer.id as string;
}

test('a contact is logged in two keys and one sentence, and a note is deleted and taken back', async ({
  fleet,
  browser,
}) => {
  const staff = await newStaff(fleet.url);
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  const id = await openCustomer(staff, screen, { full_name: 'Bruno Sosa', phone: '+34600111222' });
  await page.getByText('Nothing has happened yet.').waitFor();
  await page.keyboard.press('l');
  await page.keyboard.type('Asked for the new price list');
  await page.keyboard.press('Control+Enter');
  await page
    .getByRole('listitem')
    .filter({ hasText: 'Asked for the new price list' })
    .getByText('by Ana Prieto')
    .waitFor();
  const interactions = async () => (await staff.get(`/api/customers/${id}/interactions`)).body.interactions;
  await expect.poll(interactions).toMatchObject([{ type: 'call', notes: 'Asked for the new price list' }]);

  await page.keyboard.press('n'); // within the text field it is a letter
  expect(await page.getByRole('textbox', { name: 'What happened?' }).inputValue()).toBe('n');
  await page.getByRole('textbox', { name: 'What happened?' }).fill('Prefers mornings');
  await page.getByRole('button', { name: 'Kind' }).click();
  await page.getByRole('option', { name: 'Note' }).click();
  await page.getByRole('button', { name: 'Add the note' }).click();
  await page.getByRole('tab', { name: 'Notes' }).click();
  const note = (text: string) => page.getByRole('listitem').filter({ hasText: text }); // not the field it is typed in
  await note('Prefers mornings').waitFor();
  expect(new URL(page.url()).searchParams.get('tab')).toBe('notes');
  await page.getByRole('button', { name: 'Delete the note' }).click();
  await page.getByText('There are no notes.').waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await note('Prefers mornings').waitFor();
  await page.getByRole('textbox', { name: 'What happened?' }).fill('Has two shops');
  await page.keyboard.press('Control+Enter');
  await note('Has two shops').waitFor();
  const notes = async () => (await staff.get(`/api/customers/${id}/notes`)).body.notes;
  await expect.poll(notes).toMatchObject([{ content: 'Has two shops' }, { content: 'Prefers mornings' }]);
  for (const [tab, text] of [
    ['Timeline', 'Prefers mornings'],
    ['Notes', 'Prefers mornings'],
    ['History', 'Created'],
  ] as const) {
    await page.getByRole('tab', { name: tab }).click();
    await page.getByRole('tabpanel', { name: tab }).getByText(text).first().waitFor();
    expect(await findBarriers(page), tab).toEqual([]);
  }
});

test('two people edit one customer: other fields are merged, the same field asks, and nothing typed is lost', async ({
  fleet,
  browser,
}) => {
  const staff = await newStaff(fleet.url);
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  const id = await openCustomer(staff, screen, {
    full_name: 'Bruno',
    phone: '+34600111222',
    address: { city: 'Lugo' },
  });
  const stored = async () => (await staff.get(`/api/customers/${id}`)).body.customer;
  const put = (body: object) => staff.put(`/api/customers/${id}`, body);
  const edit = async (label: string, text: string) => {
    await page.getByRole('button', { name: new RegExp(`^${label}: `) }).press('Enter');
    await page.getByRole('textbox', { name: label }).fill(text);
  };

  // Somebody else changes another field: no question, and both changes stay.
  await edit('Phone', '+34600333444');
  await put({ full_name: 'Bruno Sosa' });
  await page.keyboard.press('Enter');
  await expect.poll(stored).toMatchObject({ full_name: 'Bruno Sosa', phone: '+34600333444' });
  await page.getByRole('heading', { level: 1, name: 'Bruno Sosa' }).waitFor();

  // Both type the same.
  await edit('City', 'Vigo');
  await put({ address: { city: 'Vigo' } });
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'City: Vigo' }).waitFor();
  expect(await page.getByRole('alertdialog').count()).toBe(0);

  // Both change one field differently.
  await edit('Phone', '+34600555666');
  await put({ phone: '+34600777888' });
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('alertdialog', { name: 'Somebody else changed the same' });
  await dialog.getByText('Changed by Ana Prieto').waitFor();
  expect(await dialog.getByRole('textbox', { name: 'Phone' }).inputValue()).toBe('+34600555666');
  expect(await stored()).toMatchObject({ phone: '+34600777888' });
  for (const choice of ['Mine: +34600555666', 'Theirs: +34600777888', 'Before: +34600333444'])
    await dialog.getByRole('button', { name: choice }).waitFor();
  expect(await findBarriers(page)).toEqual([]);
  await dialog.getByRole('button', { name: /^Theirs/ }).click();
  await dialog.getByRole('button', { name: /^Mine/ }).click();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
  await expect.poll(stored).toMatchObject({ phone: '+34600555666' });
});

test('an error stands at its field with what was typed, and leads to the customer who has the value', async ({
  fleet,
  browser,
}) => {
  const staff = await newStaff(fleet.url);
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  const other = (await staff.post('/api/customers', { full_name: 'Cora', email: 'cora@example.com' })).body.customer;
  await openCustomer(staff, screen, { full_name: 'Bruno', email: 'bruno@example.com' });
  const edit = async (text: string) => {
    await page.getByRole('textbox', { name: 'E-mail' }).fill(text);
    await page.keyboard.press('Enter');
  };
  await page.getByRole('button', { name: 'E-mail: bruno@example.com' }).click();
  await edit('not an address');
  const field = page.getByRole('textbox', { name: 'E-mail' });
  await expect.poll(() => field.getAttribute('aria-invalid')).toBe('true');
  expect(await field.inputValue()).toBe('not an address');
  await edit('cora@example.com');
  await page.getByRole('link', { name: `Show customer ${other.number}` }).click();
  await page.getByRole('heading', { level: 1, name: 'Cora' }).waitFor();
});
