import { randomUUID } from 'node:crypto';
import { buildConsole, listMails, mailsFolder, readMail, repoRoot } from '@clientela/fleet';
import { chromiumPath, freePort, startTestProvider, withLock } from '@clientela/testing';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';
import { expect, inject, onTestFinished, test, vi } from 'vitest';
import {
  client,
  startTestFleet,
  wideLimits,
  type Client,
  type TestFleet,
  type TestResponse,
} from '../testing/test-fleet.ts';

export const password = 'correct horse battery';

/**
 * What the browser does without. Its own pages below the address bar would be loaded again for every window, which takes as long as signing in
 * to the console. The others are those that playwright-core turns off: only the last switch of a name counts.
 */
const disabledFeatures = `WebUIOmniboxPopup,WebUIOmniboxAimPopup,
AimEnabled,AvoidCorsURLLoaderRestartOnRedirect,AvoidUnnecessaryBeforeUnloadCheckSync,
DestroyProfileOnBrowserClose,HttpsFirstBalancedModeAutoEnable,HttpsUpgrades,
LensOverlay,MediaRouter,NetworkTimeServiceQuerying,OptimizationHints,
PaintHolding,PreconnectToSearch,ThirdPartyStoragePartitioning`.replaceAll('\n', '');

/** Builds the console from these sources, unless that is done. @returns its folder */
async function builtConsole(): Promise<string> {
  const reports: string[] = [];
  const { folder, done } = buildConsole({
    root: repoRoot,
    folder: join(repoRoot, '.data/test-console'),
    logPath: join(inject('folder'), 'console.log'),
    report: (line) => reports.push(line),
  });
  await done;
  if (!existsSync(folder)) throw new Error(reports.join('\n'));
  return folder;
}

/** Tests of the console in Chromium, on a fleet with limits that serves the console as it was built from these sources. */
export const consoleTest = test
  // oxlint-disable-next-line no-empty-pattern -- vitest reads the fixture's dependencies from the pattern: none
  .extend('browser', { scope: 'worker' }, async ({}, { onCleanup }) => {
    const args = [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--host-resolver-rules=MAP console.test 127.0.0.1',
      `--disable-features=${disabledFeatures}`,
    ];
    const browser = await chromium.launch({ executablePath: await chromiumPath(), args });
    onCleanup(() => browser.close());
    return browser;
  })
  // A provider of sign-ins, and the port at which it finds the gateway.
  // oxlint-disable-next-line no-empty-pattern -- as above
  .extend('provider', { scope: 'worker' }, async ({}, { onCleanup }) => {
    const port = await freePort();
    const provider = await startTestProvider([`http://127.0.0.1:${port}/auth/oidc/test_provider/callback`]);
    onCleanup(() => provider.close());
    return Object.assign(provider, { port });
  })
  .extend('fleet', { scope: 'worker' }, async ({ provider }, { onCleanup }) => {
    const fleet = await startTestFleet({
      CONSOLE_FOLDER: await withLock('console', builtConsole),
      RATE_LIMITS: 'on',
      ...wideLimits,
      LOGIN_RATE: '1000/minute',
      CONSOLE_IDLE_MINUTES: '480',
      PORT: String(provider.port),
      OIDC_TEST_PROVIDER_ISSUER: provider.issuer,
      OIDC_TEST_PROVIDER_CLIENT_ID: provider.client.client_id,
      OIDC_TEST_PROVIDER_CLIENT_SECRET: provider.client.client_secret,
    });
    onCleanup(() => fleet.end());
    return fleet;
  });

export type Staff = Client & { user: TestResponse['body']; email: string };

/** Registers a company with its admin. */
export async function newStaff(url: string, name = 'Ana Prieto'): Promise<Staff> {
  const anonymous = client(url);
  const email = `${randomUUID()}@example.com`;
  const registered = await anonymous.post('/auth/register', { name, email, password, company_name: 'Acme' });
  expect(registered.status).toBe(201);
  const signedIn = await anonymous.post('/auth/login', { email, password });
  return { ...client(url, signedIn.body.access_token), user: signedIn.body.user, email };
}

/** Waits for a mail to an address. @param page the page of the console that its link leads to @returns the link */
export const mailedLink = ({ folder }: TestFleet, to: string, page: string): Promise<URL> =>
  vi.waitUntil(
    async () => {
      for (const file of listMails(mailsFolder(folder)).toReversed()) {
        const mail = await readMail(mailsFolder(folder), file);
        if (mail.to === to && mail.link?.includes(`/console/${page}`)) return new URL(mail.link);
      }
      return undefined;
    },
    { timeout: 30_000, interval: 50 },
  );

export type Screen = {
  page: Page;
  context: BrowserContext;
  /** What the browser complained about: errors, violations of the policy, requests to other hosts, failed requests. */
  complaints: string[];
};

const reportViolations = `document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sample }) => {
  console.error('policy violated: ' + [violatedDirective, blockedURI, sample].join(' '));
});`;

/** Statuses that a page may provoke. */
const isExpected = (text: string) => /the server responded with a status of (?:401|409|412|422|429|503|504)/.test(text);

/** Ends what the tabs load, then closes: Chromium never closes a context one of whose tabs has just begun to load another page. */
export async function closeContext(context: BrowserContext): Promise<void> {
  const empty = (tab: Page) => vi.waitFor(() => tab.goto('about:blank'), 30_000); // again when the page itself went elsewhere
  await Promise.all(context.pages().map(empty));
  await context.close();
}

/**
 * Opens a browser window of its own, which records everything that it should not do. Nothing of it may be left at the end of the test.
 * @param elsewhere another origin to which the page may lead
 */
export async function openScreen(
  browser: { newContext: (options: BrowserContextOptions) => Promise<BrowserContext> },
  url: string,
  { width = 1280, elsewhere, ...options }: BrowserContextOptions & { width?: number; elsewhere?: string } = {},
): Promise<Screen> {
  const context = await browser.newContext({
    viewport: { width, height: 800 },
    baseURL: url,
    locale: 'en',
    ...options,
  });
  const complaints: string[] = [];
  await context.addInitScript({ content: reportViolations });
  context.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()) && !isExpected(message.text())) complaints.push(message.text());
  });
  context.on('weberror', (error) => complaints.push(String(error.error().stack)));
  context.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (/^https?:/.test(protocol) && origin !== url && origin !== elsewhere)
      complaints.push(`request to ${request.url()}`);
  });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  onTestFinished(async () => {
    await closeContext(context);
    expect(complaints).toEqual([]);
  });
  return { page, context, complaints };
}

/** Signs in by the form, and waits for the frame. */
export async function signInByForm({ page }: Screen, email: string, path = '/console'): Promise<void> {
  await page.goto(path);
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation').first().waitFor();
}

/** Signs in by the request that the form sends, which takes less time, and opens a page. */
export async function signIn(
  { page, context }: Screen,
  email: string,
  path = '/console',
  secret = password,
): Promise<void> {
  const response = await context.request.post('/console/session', {
    data: { email, password: secret },
    headers: { 'Sec-Fetch-Site': 'same-origin' },
  });
  expect(response.status()).toBe(200);
  await page.goto(path);
  await page.getByRole('navigation').first().waitFor();
}

/** Goes to another address without loading the page again, as a link does. */
export const follow = (page: Page, path: string): Promise<void> =>
  page.evaluate(
    `history.pushState({}, '', ${JSON.stringify(path)}), void dispatchEvent(new PopStateEvent('popstate'))`,
  );

/** Goes to another address as a link does, and waits until it shows what it asks for. */
export async function openPath(page: Page, path: string, heading: string | RegExp): Promise<void> {
  await follow(page, path);
  await page.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor();
  await whenLoaded(page);
}

/** Waits until nothing on the page says that it is loading. */
export const whenLoaded = (page: Page): Promise<void> =>
  page
    .getByRole('main')
    .locator(':is([aria-busy=true], [role=status][aria-label=Loading])')
    .first()
    .waitFor({ state: 'detached' });

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const standards = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const aboutColours = ['color-contrast', 'link-in-text-block'];

/**
 * Finds violations of WCAG 2.2 AA on the page. The console has no frames, for which @axe-core/playwright opens another page each time.
 * @param rules tags or names of rules of axe
 */
export async function findBarriers(page: Page, rules: readonly string[] = standards): Promise<string[]> {
  if (!(await page.evaluate<boolean>('"axe" in window'))) await page.evaluate(axe);
  return page.evaluate<string[]>(
    `axe.run(${JSON.stringify({ runOnly: rules, resultTypes: ['violations'] })}).then(({ violations }) => violations.map(
      ({ id, nodes }) => id + ': ' + nodes.map(({ html, failureSummary }) => html + ' ' + failureSummary).join(' | ')))`,
  );
}

// Ends what changes gradually: halfway, a button has the text of one theme on the ground of the other.
const finishAnimations = 'document.getAnimations().forEach((each) => each.finish())';

/** Finds barriers of what is shown, in both themes, which differ in nothing but colours. */
export async function findBarriersInBothThemes(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const [colorScheme, rules] of [
    ['dark', aboutColours],
    ['light', standards],
  ] as const) {
    await page.emulateMedia({ colorScheme });
    await page.evaluate(finishAnimations);
    found.push(...(await findBarriers(page, rules)).map((each) => `${colorScheme}: ${each}`));
  }
  return found;
}

/** The cell of a table that only has the rows in view in the page; -1 is the row of the titles. */
export const cellOf = (page: Page, row: number, column: number) =>
  page.locator(`[aria-rowindex="${row + 2}"] > :nth-child(${column + 1})`);

const readStorage = `Promise.all([indexedDB.databases(), caches.keys(), navigator.serviceWorker.getRegistrations()]).then((found) =>
  JSON.stringify([{ ...localStorage }, { ...sessionStorage }, found, history.state, location.href, document.cookie]),
)`;

/** Everything that the browser has stored for the page, as one text. */
export const storedText = async ({ page, context }: Screen): Promise<string> =>
  (await page.evaluate<string>(readStorage)) + JSON.stringify((await context.storageState()).origins);
