import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { fleetTest, newCompany } from '../testing/test-fleet.ts';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
/** Where pictures of the pages go, for people who want to look at them. */
const pictures = join(import.meta.dirname, '../../node_modules/.pictures');

const test = fleetTest;

let browser: Browser;
beforeAll(async () => {
  if (!executablePath) throw new Error('These tests need Chromium: apt-get install chromium');
  mkdirSync(pictures, { recursive: true });
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
});
afterAll(() => browser?.close());

/** Opens a page and records what the browser complains about, and every host that it asks. */
async function openPage(url: string): Promise<{ page: Page; complaints: string[]; hosts: Set<string> }> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const complaints: string[] = [];
  const hosts = new Set<string>();
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    if (/^https?:/.test(request.url())) hosts.add(new URL(request.url()).host);
  });
  await page.goto(url);
  return { page, complaints, hosts };
}

test('Swagger UI signs in, authorizes and calls the API', async ({ defaultFleet: { url } }) => {
  const { user } = await newCompany(url);
  const { page, complaints, hosts } = await openPage(`${url}/docs/?url=https://example.com/evil.json`);
  page.setDefaultTimeout(30_000);

  await page.locator('#operations-tag-auth').click();
  const open = async (method: string, path: string) => {
    const block = page.locator(`.opblock-${method}`, { has: page.locator(`[data-path="${path}"]`) });
    await block.locator('.opblock-summary').click();
    await block.getByRole('button', { name: 'Try it out' }).click();
    return block;
  };
  const execute = async (block: Awaited<ReturnType<typeof open>>) => {
    await block.getByRole('button', { name: 'Execute' }).click();
    const response = block.locator('.live-responses-table .response').first();
    await response.waitFor();
    return {
      status: await response.locator('.response-col_status').innerText(),
      text: await response.locator('.highlight-code code, .highlight-code').first().innerText(),
    };
  };

  const login = await open('post', '/auth/login');
  const credentials = JSON.stringify({ email: user.email, password: 'correct horse battery' });
  await login.locator('textarea.body-param__text').fill(credentials);
  const signedIn = await execute(login);
  expect(signedIn.status).toContain('200');
  const token = /"access_token":\s*"([^"]+)"/.exec(signedIn.text)?.[1] ?? '';
  expect(token).not.toBe('');

  await page.locator('.scheme-container .authorize').click();
  const dialog = page.locator('.dialog-ux');
  const form = dialog.locator('form').first(); // the second one is for API keys
  await form.locator('input').fill(token);
  await form.getByRole('button', { name: 'Apply credentials' }).click();
  await dialog.getByRole('button', { name: 'Close' }).first().click();

  const me = await execute(await open('get', '/auth/me'));
  expect(me.status).toContain('200');
  expect(me.text).toContain(user.email);
  await page.screenshot({ path: join(pictures, 'docs.png') });
  expect(complaints).toEqual([]);
  expect([...hosts]).toEqual([new URL(url).host]);
  await page.close();
});

test('ReDoc shows the operations', async ({ defaultFleet: { url } }) => {
  const { page, complaints, hosts } = await openPage(`${url}/redoc`);
  await page.getByRole('heading', { name: 'Create a customer' }).first().waitFor({ timeout: 60_000 });
  await page.getByRole('heading', { name: 'Sign in' }).first().waitFor();
  await page.screenshot({ path: join(pictures, 'redoc.png') });
  expect(complaints).toEqual([]);
  expect([...hosts]).toEqual([new URL(url).host]);
  await page.close();
});
