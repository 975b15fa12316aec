import { existsSync } from 'node:fs';
import { Clientela } from '@clientela/client';
import { chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';
import { fleetTest, newCompany } from '../testing/test-fleet.ts';
import { serveClient } from './client-page.ts';

const password = 'correct horse battery';
const executablePath = [process.env['CHROMIUM_PATH'] ?? '', '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
  existsSync,
);

type Client = InstanceType<typeof Clientela>;
/** What the script of a page keeps for the next one. */
type Tab = { client: Client; ends: number };

const test = fleetTest
  // oxlint-disable-next-line no-empty-pattern -- vitest reads the fixture's dependencies from the pattern: none
  .extend('site', async ({}, { onCleanup }) => {
    const site = await serveClient();
    onCleanup(() => site.close());
    return site;
  })
  // oxlint-disable-next-line no-empty-pattern -- as above
  .extend('browser', async ({}, { onCleanup }) => {
    if (!executablePath) throw new Error('These tests need Chromium: apt-get install chromium, or set CHROMIUM_PATH');
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
    onCleanup(() => browser.close());
    return browser;
  })
  /** Two tabs of one person, and the requests to refresh that they send. */
  .extend('tabs', async ({ browser, site, defaultFleet }) => {
    const { user } = await newCompany(defaultFleet.url);
    const context = await browser.newContext();
    const refreshes: number[] = [];
    context.on('request', (request) => {
      if (request.url().endsWith('/auth/refresh') && request.method() === 'POST') refreshes.push(Date.now());
    });
    const open = async () => {
      const page = await context.newPage();
      await page.goto(site.url);
      await page.waitForFunction(() => 'clientelaClient' in globalThis);
      return page;
    };
    const pages = [await open(), await open()];
    const tokens = (await new Clientela({ url: defaultFleet.url }).auth.login({
      email: user.email,
      password,
    })) as object;
    for (const page of pages) await openSession(page, defaultFleet.url, tokens);
    return { pages, refreshes, email: user.email as string, context };
  });

/** Signs a page in: the refresh token is in the storage of the tabs, the access token in the memory of each. */
function openSession(page: Page, url: string, tokens: object): Promise<void> {
  return page.evaluate(
    async ({ url, tokens }) => {
      const { Clientela } = (globalThis as unknown as { clientelaClient: typeof import('@clientela/client') })
        .clientelaClient;
      const tab = { ends: 0 } as Tab;
      tab.client = new Clientela({
        url,
        store: {
          get: () => localStorage.getItem('refresh'),
          set: (token) =>
            token === undefined ? localStorage.removeItem('refresh') : localStorage.setItem('refresh', token),
        },
        onSignedOut: () => {
          tab.ends += 1;
        },
      });
      await tab.client.session.start(tokens as never);
      Object.assign(globalThis, { tab });
    },
    { url, tokens },
  );
}

/** Sends 50 calls at once from a page whose token has just expired. @returns how many succeeded, and the codes of the others */
const callFromPage = (page: Page) =>
  page.evaluate(async () => {
    const { tab } = globalThis as unknown as { tab: Tab };
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => tab.client.safe.auth.me.get()));
    const codes = new Set(outcomes.flatMap(({ error }) => (error ? [error.code] : [])));
    return { successes: outcomes.filter(({ data }) => data).length, codes: [...codes], ends: tab.ends };
  });

/** Sets the clock of a page to the last seconds of its token. */
const expire = (page: Page) =>
  page.evaluate(() => {
    const now = Date.now;
    Date.now = () => now() + 14.9 * 60_000;
  });

test('50 calls in each of two tabs at the moment of expiry need one refresh', async ({
  tabs: { pages, refreshes },
}) => {
  await Promise.all(pages.map(expire));
  const results = await Promise.all(pages.map(callFromPage));
  for (const result of results) expect(result).toEqual({ successes: 50, codes: [], ends: 0 });
  expect(refreshes).toHaveLength(1);
  expect(await Promise.all(pages.map(callFromPage))).toEqual(results);
  expect(refreshes).toHaveLength(1);
});

test('a session that was ended elsewhere ends once in each tab', async ({
  defaultFleet: { url },
  tabs: { pages, refreshes, email },
}) => {
  const elsewhere = await Clientela.signIn({ url, email, password });
  await elsewhere.auth.logoutAll();
  const [first, second] = pages as [Page, Page];
  await expect.poll(() => callFromPage(first).then(({ codes }) => codes)).toEqual(['SESSION_ENDED']);
  expect(await callFromPage(first)).toEqual({ successes: 0, codes: ['SESSION_ENDED'], ends: 1 });
  await expect
    .poll(() => second.evaluate(() => (globalThis as unknown as { tab: Tab }).tab.ends), { timeout: 10_000 })
    .toBe(1);
  expect(await callFromPage(second)).toEqual({ successes: 0, codes: ['SESSION_ENDED'], ends: 1 });
  expect(refreshes).toHaveLength(1);
});
