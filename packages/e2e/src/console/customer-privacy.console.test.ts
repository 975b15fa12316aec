import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { consoleTest, findBarriersInBothThemes, newStaff, openScreen, password, signIn } from './console-test.ts';

const test = consoleTest;

/** Makes a picture in the browser, and pastes or drops it there. */
const makePicture = `(async () => {
  const canvas = Object.assign(document.createElement('canvas'), { width: 300, height: 200 });
  canvas.getContext('2d').fillRect(0, 0, 150, 200);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
  const transfer = new DataTransfer();
  transfer.items.add(new File([blob], 'me.png', { type: 'image/png' }));
  return transfer;
})()`;
const paste = (page: Page) =>
  page.evaluate(
    `${makePicture}.then((clipboardData) => document.dispatchEvent(new ClipboardEvent('paste', { clipboardData })))`,
  );
const drop = (page: Page) =>
  page.evaluate(`${makePicture}.then((dataTransfer) =>
    document.querySelector('button[aria-label="Change the picture"]').parentElement
      .dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true })))`);

test('the picture of a customer is pasted, cut, removed, taken back and dropped', async ({ fleet, browser }) => {
  const staff = await newStaff(fleet.url);
  const { customer } = (await staff.post('/api/customers', { full_name: 'Bruno Sosa' })).body;
  const url = async () => (await staff.get(`/api/customers/${customer.id}`)).body.customer.avatar_url;
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  await signIn(screen, staff.email, `/console/customers/${customer.id}`);
  await page.getByRole('button', { name: 'Change the picture' }).press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Picture of Bruno Sosa' });
  await dialog
    .getByLabel('Choose a file')
    .first()
    .setInputFiles({
      name: 'me.png',
      mimeType: 'image/png',
      buffer: Buffer.from('no picture'),
    });
  await dialog.getByText('This is no JPEG, PNG or WebP image').waitFor();
  await paste(page);
  await dialog.getByRole('slider', { name: 'Zoom' }).focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Escape'); // the picture is not lost
  expect(await findBarriersInBothThemes(page)).toEqual([]);
  await page.keyboard.press('ControlOrMeta+Enter');
  await page.getByText('The picture is saved').waitFor();
  await expect.poll(url).toMatch(/^\/avatars\//);
  const first = await url();
  await expect
    .poll(() => page.evaluate(`document.querySelector('header img[src="${first}"]')?.naturalWidth ?? 0`))
    .toBe(182); // 200 by a zoom of 1.1
  await page.getByRole('button', { name: 'Change the picture' }).press('Enter');
  await dialog.getByRole('button', { name: 'Remove the picture' }).press('Enter');
  await page.getByText('The picture was removed').waitFor();
  await expect.poll(url).toBeNull();
  await page.getByRole('button', { name: 'Undo' }).press('Enter');
  await expect.poll(url).toMatch(/^\/avatars\//);
  await drop(page);
  await dialog.getByRole('slider', { name: 'Zoom' }).waitFor();
});

test('a person is exported and erased without a mouse; the receipt is verified in the browser, and a forged one is not', async ({
  fleet,
  browser,
}) => {
  const staff = await newStaff(fleet.url);
  const { customer } = (await staff.post('/api/customers', { full_name: 'Bruno Sosa', email: 'b@example.com' })).body;
  await staff.post(`/api/customers/${customer.id}/notes`, { content: 'Prefers mornings' });
  const viewer = `viewer-${staff.email}`;
  await staff.post('/api/v1/users', { email: viewer, password, first_name: 'Vic', role: 'viewer' });
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  const missing: string[] = [];
  page.on('response', (response) => {
    if (response.status() === 404) missing.push(new URL(response.url()).pathname);
  });
  await signIn(screen, staff.email, `/console/customers/${customer.id}`);
  await page.getByRole('listitem').filter({ hasText: 'Prefers mornings' }).getByText('by Ana Prieto').waitFor();
  await page.getByRole('tab', { name: 'Privacy' }).press('Enter');
  const exported = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download the data' }).press('Enter');
  const file = await exported;
  expect(file.suggestedFilename()).toBe(`customer-${customer.number}.json`);
  expect(JSON.parse(await readFile(await file.path(), 'utf8'))).toMatchObject({ customer: { email: 'b@example.com' } });
  expect(await findBarriersInBothThemes(page)).toEqual([]);

  await page.getByRole('button', { name: 'Erase this person' }).press('Enter');
  const dialog = page.getByRole('alertdialog', { name: 'Erase Bruno Sosa?' });
  await dialog.getByRole('textbox').waitFor();
  await page.keyboard.type('Bruno');
  expect(await dialog.getByRole('button', { name: 'Erase this person' }).isDisabled()).toBe(true);
  expect(await findBarriersInBothThemes(page)).toEqual([]);
  await page.keyboard.type(' Sosa');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'This customer was erased' }).waitFor();
  await page.getByText('The signature is genuine').waitFor();
  await page
    .getByRole('row', { name: /customers/ })
    .first()
    .waitFor();
  expect(await page.getByText('Bruno Sosa').count()).toBe(0);
  expect(await findBarriersInBothThemes(page)).toEqual([]);
  await expect.poll(() => page.evaluate('document.activeElement.tagName')).toBe('H1');
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download the receipt' }).press('Enter');
  const { jws } = JSON.parse(await readFile(await (await download).path(), 'utf8'));
  expect(jws.split('.')).toHaveLength(3);

  // The address says it again later, and a receipt on its way here that somebody changed is not believed.
  await page.route('**/receipt', async (route) => {
    const response = await route.fetch();
    const body = await response.json();
    const [header, , signature] = body.jws.split('.');
    const payload = Buffer.from(JSON.stringify({ ...body.receipt, services: [] })).toString('base64url');
    await route.fulfill({ response, json: { ...body, jws: `${header}.${payload}.${signature}` } });
  });
  await page.reload();
  await page.getByRole('heading', { level: 1, name: 'This customer was erased' }).waitFor();
  await page.getByText('The signature is not genuine').waitFor();

  // Whom nobody has any more is asked for once a visit.
  expect(missing).toEqual([`/api/customers/${customer.id}`, `/api/customers/${customer.id}`]);
  const others = screen.complaints.filter((text) => !text.includes('status of 404'));
  screen.complaints.splice(0, screen.complaints.length, ...others);

  const other = (await staff.post('/api/customers', { full_name: 'Cora' })).body.customer;
  const seen = await openScreen(browser, fleet.url);
  await signIn(seen, viewer, `/console/customers/${other.id}`);
  await seen.page.getByRole('tab', { name: 'Favorites' }).waitFor();
  expect(await seen.page.getByRole('tab', { name: 'Privacy' }).count()).toBe(0);
  for (const name of ['Edit', 'Status and type', 'Delete', 'Change the picture'])
    expect(await seen.page.getByRole('button', { name, exact: true }).count(), name).toBe(0);
});
