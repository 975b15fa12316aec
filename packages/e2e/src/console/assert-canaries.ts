import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { openScreen, signIn, whenLoaded, type Screen, type Staff } from './console-test.ts';
import { inField, plantCanaries } from './plant-canaries.ts';

/** Everything that the page says: its text, its fields, and the hints that appear over them. */
const readTexts = `[document.body.textContent, ...[...document.querySelectorAll('input, textarea, [title]')].map(
  (each) => each.value ?? each.title)].join('\\n')`;
/** Elements and attributes that only a typed text could have made. */
const readForeign = `[...document.querySelectorAll('*')].filter((each) =>
  /^(?:iframe|object|embed|base|math|marquee|noscript|animate)$/i.test(each.localName) && each.closest('body') ||
  [...each.attributes].some(({ name, value }) => name.startsWith('on') || name === 'srcdoc' ||
    /^(?:src|href|action|style|content|xlink:href)$/.test(name) && /^\\s*javascript:|canary=1|evil\\.example\\/x/i.test(value)),
).map((each) => each.outerHTML.slice(0, 200))`;

/** Asserts that nothing of what people typed became a part of the page, ran, or led elsewhere. */
async function assertHarmless(page: Page, path: string): Promise<void> {
  expect(await page.evaluate<string[]>(readForeign), path).toEqual([]);
  expect(await page.evaluate('window.canary'), path).toBeUndefined();
  expect(new URL(page.url()).pathname, path).toBe(path.split('?')[0]);
}

async function assertShown(page: Page, path: string, texts: readonly string[]): Promise<void> {
  const missing = async () => {
    const all = await page.evaluate<string>(readTexts);
    return texts.filter((text) => !all.includes(text));
  };
  await expect.poll(missing, { message: path }).toEqual([]);
  await assertHarmless(page, path);
}

/** Opens a screen of the console without loading the page again, as a link does. */
async function open(page: Page, path: string): Promise<void> {
  await page.evaluate(
    `history.pushState({}, '', ${JSON.stringify(path)}), dispatchEvent(new PopStateEvent('popstate'))`,
  );
}

/**
 * Plants canaries in every field of a company's records, opens every screen, and asserts that each is shown as it was typed and runs nowhere.
 * @param options.isQuick whether each text is on some of the screens only; every screen still has some
 */
export async function assertCanaries(
  fleet: { url: string },
  browser: Parameters<typeof openScreen>[0],
  staff: Staff,
  options: { texts: readonly string[]; isQuick: boolean },
): Promise<void> {
  const { texts, isQuick } = options;
  const planted = await plantCanaries(fleet.url, staff, options);
  const screen = await openScreen(browser, fleet.url, { viewport: { width: 1600, height: 2400 } });
  const { page } = screen;
  const columns = "localStorage.setItem('clientela.customers.columns', 'email,phone,status,tags,city')";
  await page.addInitScript({ content: columns });
  await signIn(screen, staff.email);
  const links = await page.getByRole('navigation').first().getByRole('link').all();
  const sections = await Promise.all(links.map(async (link) => (await link.getAttribute('href')) ?? ''));
  const shown = new Map(planted.map((each) => [each.path, each.shown]));
  for (const path of sections) if (!shown.has(path)) shown.set(path, []);
  for (const [path, expected] of shown) {
    await open(page, path);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await whenLoaded(page);
    await assertShown(page, path, expected);
  }
  const share = (part: number) => texts.filter((_, index) => !isQuick || index % 4 === part);
  await assertCompany(screen, staff, share(0));
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
    await open(page, `/console/customers?q=${value}&tag=${value}&sort=${value}`);
    await assertShown(page, `/console/customers?q=${value}`, [
      text,
      ...(text.length > 50 ? [] : [`Has the tag ${text}`]),
    ]);
    await open(page, `/console/products?search=${value}`);
    await assertShown(page, '/console/products', [text]);
    const nowhere = `/console/nowhere/${encodeURIComponent(value)}`;
    await open(page, nowhere);
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
    await open(page, `/console/products?search=${crypto.randomUUID()}`);
    await assertShown(page, '/console/products', [detail]);
  }
  await page.unroute('**/api/products?*');

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
  await open(page, '/console/events/failed');
  const said = events.flatMap(({ name, subscriber, reason }) => [name, subscriber, reason]);
  await assertShown(page, '/console/events/failed', said);
  await page.unroute('**/api/v1/events/failed?*');
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
