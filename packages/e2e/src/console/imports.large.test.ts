import { readFile } from 'node:fs/promises';
import type { Download, Page } from 'playwright-core';
import { expect } from 'vitest';
import { newStaff, openScreen, signIn, consoleTest as test, type Staff } from './console-test.ts';

const size = 50_000;
const long = { timeout: 120_000 };

/** Of a hundred rows one has nobody in it, and another a birthday that no calendar has. */
const rows = Array.from({ length: size }, (_, index) => {
  const at = index % 100;
  if (at === 41) return ',nobody at nowhere,';
  return `Person ${index},p${index}@example.com,${at === 67 ? '1990-02-31' : '1990-02-03'}`;
});
const file = {
  name: 'people.csv',
  mimeType: 'text/csv',
  buffer: Buffer.from(`Full name,E-mail,Birthday\n${rows.join('\n')}\n`),
};

/** Remembers in the page each value that the bar shows. */
const watchBar = `(() => {
  window.shownProgress = [];
  new MutationObserver(() => {
    const bar = document.querySelector('progress');
    if (bar && bar.value !== shownProgress.at(-1)) shownProgress.push(bar.value);
  }).observe(document.body, { subtree: true, childList: true, attributes: true });
})()`;

/** Asserts that the bar moved while somebody looked at it, and only forwards. */
async function assertMoved(page: Page): Promise<void> {
  const shown = await page.evaluate<number[]>('shownProgress.splice(0)');
  expect(shown.length).toBeGreaterThan(2);
  expect(shown).toEqual(shown.toSorted((one, other) => one - other));
}

const text = async (download: Promise<Download>) => readFile(await (await download).path(), 'utf8');
const counts = (page: Page) => page.getByRole('region', { name: 'Outcome' }).getByRole('definition').allTextContents();

/** How often the server gives each reason, by its errors.csv. */
async function countReasons(staff: Staff, id: string): Promise<number[]> {
  const { body } = await staff.get(`/api/customers/imports/${id}/errors.csv`);
  const found = new Map<string, number>();
  for (const line of String(body).trimEnd().split('\r\n').slice(1)) {
    const reason = line.slice(line.indexOf(','));
    found.set(reason, (found.get(reason) ?? 0) + 1);
  }
  return [...found.values()].toSorted((one, other) => other - one);
}

test('50,000 rows with errors are checked, understood, imported while the person works on, and taken back', async ({
  fleet,
  browser,
}) => {
  const staff = await newStaff(fleet.url);
  await staff.post('/api/customers', { full_name: 'Zoe Zimmer' });
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  const bar = page.getByRole('main').getByRole('progressbar');
  await signIn(screen, staff.email, '/console/import');
  await page.evaluate(watchBar);
  await page.locator('input[type=file]').setInputFiles(file);
  await page.getByRole('button', { name: 'Check the file' }).press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Check of a file' }).waitFor();
  await bar.waitFor();
  await page.getByText('Nothing is stored yet.').waitFor(long);
  await assertMoved(page);
  expect(await counts(page)).toEqual(['50,000', '49,500', '0', '0', '500', '500']);
  const problems = page.getByRole('table', { name: 'Problems' });
  await problems.getByRole('rowheader', { name: /^Not a day of the calendar/ }).waitFor();
  await problems.getByRole('rowheader', { name: /^Not an e-mail address/ }).waitFor();
  const checked = page.url();
  const numbers = (await problems.getByRole('row').all()).slice(1).map((row) => row.getByRole('cell').last());
  const reasons = await Promise.all(numbers.map((each) => each.textContent()));
  expect(reasons.map((each) => Number(/\d+$/.exec(each ?? '')?.[0]))).toEqual(
    await countReasons(staff, checked.split('/').at(-1) ?? ''),
  );
  expect((await staff.get('/api/customers')).body.total).toBe(1);

  await page.getByRole('button', { name: 'Import now' }).press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Import', exact: true }).waitFor();
  const imported = page.url();
  await bar.waitFor();
  // Meanwhile somebody is looked up, on this page and on another one, and the import is still running.
  await page.keyboard.press('ControlOrMeta+k');
  await page.getByRole('searchbox').waitFor();
  await page.keyboard.type('zoe');
  await page.getByRole('menuitem', { name: /Zoe Zimmer/ }).press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Zoe Zimmer' }).waitFor();
  await page.goBack();
  await bar.waitFor();
  await page.getByRole('heading', { name: 'Undo' }).waitFor(long);
  await assertMoved(page);
  expect(await counts(page)).toEqual(['50,000', '49,500', '0', '0', '500', '500']);
  expect(await page.evaluate<number>('document.querySelectorAll("main *").length')).toBeLessThan(500);
  const errors = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download errors.csv' }).press('Enter');
  const { body } = await staff.get(`/api/customers/imports/${imported.split('/').at(-1)}/errors.csv`);
  expect(await text(errors)).toBe(body);
  expect((await staff.get('/api/customers')).body.total).toBe(49_501);

  await page.getByRole('button', { name: 'Undo the import' }).press('Enter');
  await page.getByRole('alertdialog').getByRole('button', { name: 'Undo the import' }).press('Enter');
  await page.getByText('The import is undone.').waitFor(long);
  const undone = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download undo.csv' }).press('Enter');
  expect((await text(undone)).trimEnd().split('\r\n')).toHaveLength(1);
  await page.keyboard.press('g');
  await page.keyboard.press('c');
  await page.getByText('1 customer', { exact: true }).waitFor();
});
