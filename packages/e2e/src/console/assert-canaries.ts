import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import type { TestFleet } from '../testing/test-fleet.ts';
import { assertCompanies, assertDialogs } from './assert-canary-dialogs.ts';
import { follow, openScreen, signIn, whenLoaded, type Screen, type Staff } from './console-test.ts';
import { inField, plantCanaries, type PlantedScreen } from './plant-canaries.ts';
import { assertHarmless, assertShown, titleOf } from './shown-canaries.ts';

/**
 * Plants canaries in every field of a company's records, opens every screen, and asserts that each is shown as it was typed and runs nowhere.
 * @param options.isQuick whether each text is on some of the screens only; every screen still has some
 */
export async function assertCanaries(
  fleet: TestFleet,
  browser: Parameters<typeof openScreen>[0],
  staff: Staff,
  options: { texts: readonly string[]; isQuick: boolean },
): Promise<void> {
  const { texts, isQuick } = options;
  const planted = await plantCanaries(fleet.url, staff, options);
  const screen = await openScreen(browser, fleet.url, { viewport: { width: 1600, height: 2400 } });
  const { page } = screen;
  await signIn(screen, staff.email);
  await page.evaluate("localStorage.setItem('clientela.customers.columns', 'email,phone,status,tags,city')");
  const links = await page.getByRole('navigation').first().getByRole('link').all();
  const sections = await Promise.all(links.map(async (link) => (await link.getAttribute('href')) ?? ''));
  const screens = new Map<string, PlantedScreen>(planted.map((each) => [each.path, each]));
  for (const path of sections) if (!screens.has(path)) screens.set(path, { path, shown: [] });
  for (const { path, shown: expected, name } of screens.values()) {
    await follow(page, path);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await whenLoaded(page);
    await assertShown(page, path, expected);
    if (name !== undefined) await expect.poll(() => page.title()).toBe(titleOf(name));
  }
  // Each text has one of these in a quick run; those that turn others have all.
  const share = (part: number) =>
    texts.filter((text, index) => !isQuick || index % 6 === part || /[\u202A-\u202E]/.test(text));
  await assertCompany(screen, staff, share(0));
  await assertDialogs(page, staff, share(4));
  await assertCompanies(fleet, browser, share(5));
  await assertReflected(page, share(1));
  await assertErrors(page, share(2));
  await assertFile(page, share(3));
}

/** The company's own names, which are in the form of its settings. */
async function assertCompany({ page }: Screen, staff: Staff, texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    const names = { name: inField(text, 'company'), business_name: inField(text, 'business') };
    expect((await staff.put(`/api/v1/companies/${staff.user.business_id}`, names)).status).toBe(200);
    await page.goto('/console/settings');
    await assertShown(page, '/console/settings', Object.values(names));
  }
}

/** What stands in an address, as in a link that somebody sends. */
async function assertReflected(page: Page, texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    const value = encodeURIComponent(text);
    await follow(page, `/console/customers?q=${value}&tag=${value}&sort=${value}`);
    await assertShown(page, `/console/customers?q=${value}`, [
      text,
      ...(text.length > 50 ? [] : [`Has the tag ${text}`]),
    ]);
    await follow(page, `/console/products?search=${value}`);
    await assertShown(page, '/console/products', [text]);
    const nowhere = `/console/nowhere/${encodeURIComponent(value)}`;
    await follow(page, nowhere);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await assertHarmless(page, nowhere);
  }
}

/** What a server says of an error, and of an event that failed. */
async function assertErrors(page: Page, texts: readonly string[]): Promise<void> {
  let detail = '';
  const problem = (text: string) => ({
    status: 422,
    contentType: 'application/problem+json',
    body: JSON.stringify({ status: 422, error_code: 'UNKNOWN', title: text, detail: text, request_id: text }),
  });
  await page.route('**/api/products?*', (route) => route.fulfill(problem(detail)));
  for (const text of texts) {
    detail = inField(text, 'detail');
    await follow(page, `/console/products?search=${crypto.randomUUID()}`);
    await assertShown(page, '/console/products', [detail]);
  }
  await page.unroute('**/api/products?*');
  await assertFieldErrors(page, texts);

  const events = texts.map((text, index) => ({
    id: `0190a0b0-0000-7000-8000-${String(index).padStart(12, '0')}`,
    name: inField(text, 'event'),
    service: 'interaction',
    subscriber: inField(text, 'subscriber'),
    reason: inField(text, 'reason'),
    attempts: 8,
    business_id: null,
    data: {},
    sequence: 1,
    failed_at: '2026-01-02T03:04:05.000Z',
    occurred_at: '2026-01-02T03:00:05.000Z',
  }));
  const json = { events, next_cursor: null, per_page: 50, unavailable: [] };
  await page.route('**/api/v1/events/failed?*', (route) => route.fulfill({ json }));
  await follow(page, '/console/events/failed');
  const said = events.flatMap(({ name, subscriber, reason }) => [name, subscriber, reason]);
  await assertShown(page, '/console/events/failed', said);
  for (const { name } of events) {
    await page.getByRole('button', { name: `Drop ${name}`, exact: true }).press('Enter');
    const dialog = page.getByRole('alertdialog');
    await expect.poll(() => dialog.getByRole('heading').textContent()).toBe(`Drop ${name}?`);
    await assertHarmless(page, '/console/events/failed');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  }
  await page.unroute('**/api/v1/events/failed?*');
}

/** What a server says of fields: at the field, and of one that the form does not have above its buttons. */
async function assertFieldErrors(page: Page, texts: readonly string[]): Promise<void> {
  const fields = ['name', 'sku', 'description'];
  let errors: { path: string; message: string }[] = [];
  await page.route('**/api/products', (route) => {
    const body = { status: 422, error_code: 'UNKNOWN', title: 'Invalid', detail: errors[0]?.message, errors };
    return route.fulfill({ status: 422, contentType: 'application/problem+json', body: JSON.stringify(body) });
  });
  await page.goto('/console/products');
  for (const text of texts) {
    errors = [...fields, text].map((path) => ({ path, message: inField(text, `wrong ${path.slice(0, 11)}`) }));
    await page.getByRole('button', { name: 'New product' }).first().press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Name' }).fill(text);
    await dialog.getByRole('textbox', { name: 'Price' }).fill('1.00');
    await dialog.getByRole('button', { name: 'Create product' }).press('Enter');
    const said = fields.map((field) => inField(text, `wrong ${field}`));
    await assertShown(page, '/console/products', [...said, text]);
    expect(await dialog.locator('[aria-invalid=true]').count()).toBe(fields.length);
    await dialog.getByRole('button', { name: 'Cancel' }).press('Enter');
    await dialog.waitFor({ state: 'detached' });
  }
  await page.unroute('**/api/products');
}

const quoted = (cell: string) => `"${cell.replaceAll('"', '""')}"`;

/** The name of a file, its columns, and the cells that it says are wrong. */
async function assertFile(page: Page, texts: readonly string[]): Promise<void> {
  const columns = texts.map((text) => inField(text, 'column'));
  const rows = texts.map((text) => ['Ana', inField(text, 'email'), ...columns.map((each) => `${each} cell`)]);
  const content = [['Full name', 'E-mail', ...columns], ...rows].map((row) => row.map(quoted).join(',')).join('\n');
  for (const text of texts) {
    const name = `${text.replaceAll(/[/\\]/g, '')} file.csv`;
    await page.goto('/console/import');
    await page.locator('input[type=file]').setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(content) });
    await assertShown(page, '/console/import', [name]);
  }
  await page.getByRole('button', { name: 'Check the file' }).click();
  await page.waitForURL('**/console/import/*');
  await page.getByRole('heading', { name: 'Problems' }).waitFor();
  await assertShown(page, new URL(page.url()).pathname, columns);
}
