import { expect, onTestFinished } from 'vitest';
import { client } from '../testing/test-fleet.ts';
import {
  closeContext,
  consoleTest,
  newStaff,
  openScreen,
  password,
  signIn,
  signInByForm,
  storedText,
  whenLoaded,
} from './console-test.ts';

const test = consoleTest;

test('a person signs in where they wanted to go, and out of every tab; nothing of it is left in the browser', async ({
  fleet,
  browser,
}) => {
  const { email } = await newStaff(fleet.url);
  const screen = await openScreen(browser, fleet.url);
  const { page, context } = screen;
  await page.goto('/');
  await page.waitForURL('**/console/sign-in');
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill('wrong password');
  await page.keyboard.press('Enter');
  await page.getByText('The e-mail or the password is wrong.').waitFor();
  expect(await page.getByLabel('E-mail').inputValue()).toBe(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Ana Prieto' }).waitFor();

  const cookies = await context.cookies();
  expect(cookies).toEqual([
    expect.objectContaining({ name: 'clientela', httpOnly: true, sameSite: 'Strict', path: '/' }),
  ]);
  const tokens: (string | undefined)[] = [];
  page.on('request', (request) => tokens.push(request.headers()['authorization']));
  await page.reload();
  await page.getByRole('heading', { level: 1, name: 'Ana Prieto' }).waitFor();
  await expect.poll(() => tokens.some((value) => value?.startsWith('Bearer '))).toBe(true);
  const token = tokens.find((value) => value?.startsWith('Bearer '))?.slice('Bearer '.length) ?? '';
  expect(token).toMatch(/^eyJ/);
  const stored = await storedText(screen);
  for (const secret of [token, email, 'Ana', cookies[0]?.value ?? '?']) expect(stored).not.toContain(secret);

  const other = await context.newPage();
  await other.goto('/console');
  await other.getByRole('heading', { level: 1, name: 'Ana Prieto' }).waitFor();
  await page.bringToFront(); // behind another tab a page is drawn once a second
  await page.getByRole('button', { name: 'Account of Ana Prieto' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  for (const each of [page, other]) await each.waitForURL('**/console/sign-in');
  await expect.poll(() => context.cookies()).toEqual([]);
  await expect.poll(async () => (await client(fleet.url, token).get('/auth/me')).status).toBe(401);
  const text = await storedText(screen);
  for (const secret of [token, email, 'Ana']) expect(text).not.toContain(secret);
});

test('signs out at once while the server is away, and ends the session there when it is back, a reload later', async ({
  fleet,
  browser,
}) => {
  const { email } = await newStaff(fleet.url);
  const screen = await openScreen(browser, fleet.url);
  const { page, context } = screen;
  await page.clock.install();
  const tokens: (string | undefined)[] = [];
  page.on('request', (request) => tokens.push(request.headers()['authorization']));
  await signIn(screen, email);
  await expect.poll(() => tokens.some((value) => value?.startsWith('Bearer '))).toBe(true);
  const token = tokens.find((value) => value?.startsWith('Bearer '))?.slice('Bearer '.length) ?? '';
  const notReached = page.getByText('The server was not reached');
  let tries = 0;
  let isSaidBefore = true;
  await context.route('**/console/session', async (route) => {
    tries += 1; // four in each round
    if (tries === 5) isSaidBefore = await notReached.isVisible().catch(() => true);
    await route.fulfill({ status: 503, headers: { 'Retry-After': '0' } }).catch(() => {}); // a page that is loaded again waits no more
  });
  await page.getByRole('button', { name: 'Account of Ana Prieto' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.waitForURL('**/console/sign-in');
  await notReached.waitFor();
  tries = 0;
  await page.reload();
  await notReached.waitFor();
  expect(isSaidBefore).toBe(true); // and not only when the next round had failed too
  expect(await context.cookies()).toHaveLength(1);
  expect((await client(fleet.url, token).get('/auth/me')).status).toBe(200);
  await context.unroute('**/console/session');
  await page.clock.fastForward(5000); // after which it tries again
  await notReached.waitFor({ state: 'detached' });
  expect(await context.cookies()).toEqual([]);
  await expect.poll(async () => (await client(fleet.url, token).get('/auth/me')).status).toBe(401);
  await signInByForm(screen, email);
});

test('a tab whose session was being renewed stays signed out', async ({ fleet, browser }) => {
  const { email } = await newStaff(fleet.url);
  const screen = await openScreen(browser, fleet.url);
  const { page, context } = screen;
  await signIn(screen, email);
  const other = await context.newPage();
  const release = Promise.withResolvers<void>();
  const renewed = Promise.withResolvers<void>();
  await other.route('**/console/session/refresh', async (route) => {
    const response = await route.fetch();
    renewed.resolve();
    await release.promise;
    await route.fulfill({ response });
  });
  await other.goto('/console');
  await renewed.promise;
  await page.bringToFront();
  await page.getByRole('button', { name: 'Account of Ana Prieto' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.waitForURL('**/console/sign-in');
  release.resolve();
  await other.waitForURL('**/console/sign-in');
  await expect.poll(() => context.cookies()).toEqual([]);
  expect(await other.getByRole('heading', { level: 1, name: 'Ana Prieto' }).count()).toBe(0);
});

test('sign-in leads to no other site', async ({ fleet, browser }) => {
  const { email } = await newStaff(fleet.url);
  const screen = await openScreen(browser, fleet.url);
  for (const to of [
    'https://evil.example/',
    '//evil.example/',
    '/console//evil.example',
    '/console/\\evil.example',
    '/docs',
  ]) {
    await screen.context.clearCookies();
    await signInByForm(screen, email, `/console/sign-in?to=${encodeURIComponent(to)}`);
    expect(new URL(screen.page.url()).pathname.replace(/\/$/, ''), to).toBe('/console');
  }
});

test('works where the connection is not encrypted, and says so', async ({ fleet, browser }) => {
  const { email } = await newStaff(fleet.url);
  const baseURL = fleet.url.replace('127.0.0.1', 'console.test'); // a host that the browser does not trust without encryption
  const context = await browser.newContext({ baseURL, locale: 'en' });
  onTestFinished(() => closeContext(context));
  const page = await context.newPage();
  await page.goto('/console/products');
  await page.getByText('This connection is not encrypted.').waitFor();
  await signInByForm({ page, context, complaints: [] }, email, page.url());
  await page.getByRole('button', { name: 'New product' }).first().click();
  await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('Lamp');
  await page.getByRole('dialog').getByLabel('Price').fill('12');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.goto('/console/products');
  await page.getByRole('link', { name: 'Lamp' }).waitFor();
});

test('works by the keyboard alone, in the language and the theme that a person chooses', async ({ fleet, browser }) => {
  const { email } = await newStaff(fleet.url);
  const { page } = await openScreen(browser, fleet.url);
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  await page.goto('/console');
  await page.getByRole('heading', { name: 'Sign in to Clientela' }).waitFor();
  await page.keyboard.type(email);
  await press('Tab');
  await page.keyboard.type(password);
  await press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Ana Prieto' }).waitFor();

  await press('/');
  await page.getByRole('searchbox').waitFor();
  await page.keyboard.type('tod');
  await page.getByRole('menuitem', { name: 'Today' }).waitFor();
  await press('ArrowDown', 'Enter');
  await page.getByRole('searchbox').waitFor({ state: 'detached' });

  await press('Tab');
  await page.getByRole('button', { name: 'Account of Ana Prieto' }).focus();
  await press('Enter');
  await page.getByRole('menuitemradio', { name: 'Русский' }).waitFor();
  await press(...Array.from({ length: 7 }, () => 'ArrowDown'), 'Enter');
  await page.getByRole('link', { name: 'Сегодня' }).waitFor();
  expect(await page.locator('html').getAttribute('lang')).toBe('ru');
  await page.keyboard.press('Escape');
  await page.reload();
  await page.getByRole('link', { name: 'Сегодня' }).waitFor();
});

test('says which service is away, and when it is back', async ({ fleet, browser }) => {
  const { email } = await newStaff(fleet.url);
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  await page.clock.install();
  await signIn(screen, email);
  await whenLoaded(page);
  /** Passes the time after which the page asks again. */
  const askAgain = async () => {
    const asked = page.waitForRequest('**/ready');
    await page.clock.fastForward(15_000);
    await asked;
  };
  const message = page.getByText('The interaction service is away. Everything else works.');
  /** Waits until the gateway knows, as the page asks but every 15 s. */
  const gatewaySays = (state: string) =>
    expect.poll(async () => (await client(fleet.url).get('/ready')).body.services.interaction).toBe(state);
  fleet.kill('interaction', 'SIGSTOP');
  try {
    await gatewaySays('down');
    await askAgain();
    await message.waitFor({ timeout: 60_000 });
  } finally {
    fleet.kill('interaction', 'SIGCONT');
  }
  await gatewaySays('up');
  await askAgain();
  await message.waitFor({ state: 'detached', timeout: 60_000 });
});

test('all keys are listed and searched; keys of one letter can be switched off, and stay so', async ({
  fleet,
  browser,
}) => {
  const { email } = await newStaff(fleet.url);
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  const pressLetters = async () => {
    await page.getByRole('heading', { level: 1 }).focus();
    for (const key of ['g', 'c']) await page.keyboard.press(key);
  };
  await signIn(screen, email);
  await page.getByRole('heading', { level: 1, name: 'Ana Prieto' }).waitFor();
  await page.keyboard.press('?');
  await page.getByRole('heading', { level: 1, name: 'Keyboard shortcuts' }).waitFor();
  const search = page.getByRole('searchbox', { name: 'Search the shortcuts' });
  await search.fill('tag');
  await expect.poll(() => page.getByRole('term').allTextContents()).toEqual(['Tag what is selected', 'Add a tag']);
  await search.press('Escape');
  await page.getByRole('term').filter({ hasText: 'Customers' }).waitFor();
  await page.getByRole('checkbox', { name: /single letter/ }).press('Space');
  await pressLetters();
  await page.keyboard.press('/');
  await page.reload();
  await page.getByRole('checkbox', { name: /single letter/, checked: false }).waitFor();
  expect(new URL(page.url()).pathname).toBe('/console/keys');
  expect(await page.getByRole('dialog').count()).toBe(0);
  await page.getByRole('checkbox', { name: /single letter/ }).press('Space');
  await pressLetters();
  await page.waitForURL('**/console/customers');
});
