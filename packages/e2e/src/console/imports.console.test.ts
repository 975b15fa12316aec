import { expect } from 'vitest';
import { consoleTest, findBarriersInBothThemes, newStaff, openScreen, signIn, storedText } from './console-test.ts';

const test = consoleTest;

type Sent = { name: string; mimeType: string; buffer: Buffer };
const csv = (text: string | Buffer, name = 'people.csv'): Sent => ({
  name,
  mimeType: 'text/csv',
  buffer: Buffer.from(text as string),
});

test('a file is checked, mapped, imported and taken back without a mouse', async ({ fleet, browser }) => {
  const staff = await newStaff(fleet.url);
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  await signIn(screen, staff.email);
  await page.keyboard.press('g');
  await page.keyboard.press('i');
  await page.getByRole('heading', { level: 1, name: 'Import' }).waitFor();
  await page.getByText('There are no imports yet.').waitFor();
  const rows = ['Olga Petrova,olga@example.com,blue', 'Ion Rusu,not-an-address,red', 'Ana Gil,ana@example.com,green'];
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Choose a file' }).press('Enter');
  await (await chooser).setFiles(csv(`Full name,E-mail,Shade\n${rows.join('\n')}\n`));
  await page.getByText('people.csv').waitFor();
  await page.getByRole('button', { name: 'Check the file' }).press('Enter');

  await page.getByRole('heading', { level: 1, name: 'Check of a file' }).waitFor();
  await page.getByText('Nothing is stored yet.').waitFor();
  await page.getByRole('heading', { name: 'Problems' }).waitFor();
  await page.getByRole('table', { name: 'Problems' }).getByRole('row').nth(1).waitFor();
  expect((await staff.get('/api/customers')).body.total).toBe(0);
  expect(await findBarriersInBothThemes(page)).toEqual([]);
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download errors.csv' }).press('Enter');
  expect((await download).suggestedFilename()).toBe('errors.csv');

  const checked = page.url();
  await page.getByRole('button', { name: /Field of Shade/ }).press('Enter');
  await page.getByRole('option', { name: 'Tags' }).press('Enter');
  await page.getByRole('button', { name: 'Check again' }).press('Enter');
  await expect.poll(() => page.url()).not.toBe(checked);
  const again = page.url();
  await page.getByRole('button', { name: 'Import now' }).press('Enter');
  await expect.poll(() => page.url()).not.toBe(again);
  await page.getByRole('heading', { level: 1, name: 'Import' }).waitFor();
  await page.getByRole('heading', { name: 'Undo' }).waitFor();
  const { customers } = (await staff.get('/api/customers?search=olga')).body;
  expect(customers).toEqual([expect.objectContaining({ email: 'olga@example.com', tags: ['blue'] })]);

  const stored = await storedText(screen);
  for (const secret of ['Olga', 'olga@example.com', 'people.csv']) expect(stored).not.toContain(secret);
  await page.getByRole('button', { name: 'Undo the import' }).press('Enter');
  await page.getByRole('alertdialog').getByRole('button', { name: 'Undo the import' }).press('Enter');
  await page.getByText('The import is undone.').waitFor();
  await page.getByRole('button', { name: 'Download undo.csv' }).waitFor();
  await expect.poll(async () => (await staff.get('/api/customers')).body.total).toBe(0);

  // After a reload the file is gone, and the check says so.
  await page.goto(again);
  await page.getByText('The file is no longer in this window.').waitFor();
});

test('says of a file that cannot be read what to do', async ({ fleet, browser }) => {
  const staff = await newStaff(fleet.url);
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  await signIn(screen, staff.email, '/console/import');
  const choose = async (file: Sent) => {
    await page.goto('/console/import');
    await page.locator('input[type=file]').setInputFiles(file);
    await page.getByText(file.name).waitFor();
  };
  const check = () => page.getByRole('button', { name: 'Check the file' });
  await choose(csv(''));
  await page.getByRole('alert').getByText('The file has no rows. Choose a file').waitFor();
  expect(await check().isDisabled()).toBe(true);

  await choose(csv(Buffer.from([0, 1, 2, 255, 254, 0, 7, 0, 0, 3]), 'photo.csv'));
  await check().click();
  await page.getByRole('alert').getByText('Save it in your program as CSV').waitFor();

  const wide = Array.from({ length: 1001 }, (_, index) => `c${index}`).join(',');
  await choose(csv(`${wide}\n${wide}\n`));
  await check().click();
  await page.getByRole('alert').getByText('Remove the columns').waitFor();

  await page.route('**/api/customers/imports', (route) =>
    route.request().method() === 'POST'
      ? route.fulfill({
          status: 422,
          contentType: 'application/problem+json',
          body: JSON.stringify({ status: 422, error_code: 'PAYLOAD_TOO_LARGE', detail: 'too large' }),
        })
      : route.fallback(),
  );
  await choose(csv('Full name\nAna\n'));
  await check().click();
  await page.getByRole('alert').getByText('Split it into smaller files').waitFor();
});
