import { randomUUID } from 'node:crypto';
import { totpCode, type TestProvider } from '@clientela/testing';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { client, type TestFleet } from '../testing/test-fleet.ts';
import {
  consoleTest,
  findBarriersInBothThemes,
  mailedLink,
  newStaff,
  openScreen,
  password,
  signInByForm,
  storedText,
} from './console-test.ts';
import { atProvider, keptAttempts, newVerifiedStaff, providerButton } from './provider.ts';

const test = consoleTest;

const home = (page: Page, name = 'Ana Prieto') => page.getByRole('heading', { level: 1, name }).waitFor();

/** Keeps people at the provider, as one who has to sign in there, until the interception ends. */
function waitAtProvider(provider: TestProvider): void {
  provider.intercept = (request, response) => {
    if (request.url?.startsWith('/auth?') !== true) return false;
    response
      .setHeader('Content-Type', 'text/html')
      .end('<!doctype html><link rel="icon" href="data:,">at the provider');
    return true;
  };
}

/** A code that the provider's return has for somebody, who began elsewhere. */
async function foreignCode(fleet: TestFleet, provider: TestProvider, email: string): Promise<string> {
  atProvider(provider, email);
  const { headers } = await client(fleet.url).get('/auth/oidc/test_provider/start');
  const cookie = (headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const { pathname, search } = await provider.visit(headers.get('location') ?? '');
  const returned = await client(fleet.url).get(pathname + search, { cookie });
  return new URLSearchParams(new URL(returned.headers.get('location') ?? '').hash.slice(1)).get('code') ?? '';
}

test('a person signs in with a provider where they wanted to go; nothing of it stays in the address, history or storage', async ({
  fleet,
  browser,
  provider,
}) => {
  const staff = await newVerifiedStaff(fleet);
  atProvider(provider, staff.email);
  const screen = await openScreen(browser, fleet.url, { elsewhere: provider.issuer });
  const { page, context } = screen;
  const addresses: string[] = [];
  page.on('framenavigated', (frame) => addresses.push(frame.url()));
  await page.goto('/console/customers?q=Ulrika');
  await page.waitForURL('**/console/sign-in?to=**');
  await providerButton(page).click();
  await page.waitForURL('**/console/customers?q=Ulrika');
  await page.getByRole('heading', { level: 1, name: 'Customers' }).waitFor();

  const returned = addresses.map((address) => new URL(address)).find(({ hash }) => hash.startsWith('#code='));
  const code = new URLSearchParams(returned?.hash.slice(1)).get('code') ?? '';
  const state = returned?.searchParams.get('state') ?? '';
  expect(code.length).toBeGreaterThan(40);
  expect(state).toMatch(/^[a-p]{32}$/);
  const history = await (await context.newCDPSession(page)).send('Page.getNavigationHistory');
  const kept = history.entries.map(({ url }) => url).join('\n') + (await storedText(screen));
  for (const secret of [code, state, staff.email]) expect(kept).not.toContain(secret);
  expect(await keptAttempts(page)).toEqual([]);
  // Cookies know no ports: the provider's are beside ours.
  const cookies = (await context.cookies(fleet.url)).filter(({ name }) => name.includes('clientela'));
  expect(cookies).toEqual([expect.objectContaining({ name: 'clientela', httpOnly: true, sameSite: 'Strict' })]);
  expect((await staff.get('/auth/me')).body.user.identities).toMatchObject([{ provider: 'test_provider' }]);
  await page.goBack();
  await page.waitForURL((address) => address.origin === fleet.url);
  await page.reload();
  await page.getByRole('navigation').first().waitFor();
});

test('a second factor is asked for after the return of a provider', async ({ fleet, browser, provider }) => {
  const staff = await newVerifiedStaff(fleet);
  const { secret } = (await staff.post('/auth/mfa/totp', { current_password: password })).body;
  const confirmed = await staff.post('/auth/mfa/totp/confirm', { code: totpCode(secret, Date.now()) });
  expect(confirmed.status).toBe(200);
  atProvider(provider, staff.email);
  const screen = await openScreen(browser, fleet.url, { elsewhere: provider.issuer });
  const { page } = screen;
  await page.goto('/console/products');
  await providerButton(page).click();
  await page.getByRole('textbox', { name: 'Code' }).fill('000000');
  await page.keyboard.press('Enter');
  await page.getByText('The code is wrong, or was used already.').waitFor();
  expect(await findBarriersInBothThemes(page)).toEqual([]);
  expect(new URL(page.url()).pathname).toBe('/console/sign-in/return');
  await page.getByRole('button', { name: 'Use a recovery code' }).press('Enter');
  await page.getByRole('textbox', { name: 'Recovery code' }).fill(confirmed.body.recovery_codes[0]);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Products' }).waitFor();
  expect(await storedText(screen)).not.toContain(staff.email);
});

test('says in plain words why a provider signs nobody in, and signs in at the next attempt, where the person wanted to go', async ({
  fleet,
  browser,
  provider,
}) => {
  const staff = await newVerifiedStaff(fleet);
  const { page } = await openScreen(browser, fleet.url, { elsewhere: provider.issuer });
  const attempt = async (text: string) => {
    await providerButton(page).click();
    await page.getByRole('alert').getByText(text).waitFor();
    expect(await findBarriersInBothThemes(page)).toEqual([]);
    const { pathname, search, hash } = new URL(page.url());
    expect([pathname, search, hash]).toEqual(['/console/sign-in/return', '?to=%2Fconsole%2Fproducts', '']);
    expect(await keptAttempts(page)).toEqual([]);
  };
  await page.goto('/console/products');
  atProvider(provider, undefined);
  await attempt('The sign-in was cancelled, or the provider refused it.');

  atProvider(provider, `${randomUUID()}@example.com`);
  await attempt('No user here belongs to this account.');
  await page.context().clearCookies(); // the provider's

  atProvider(provider, staff.email);
  const failTokens = (status: number, body: object) => {
    provider.intercept = (request, response) => {
      if (request.url !== '/token') return false;
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
      return true;
    };
  };
  failTokens(503, {});
  await attempt('The provider does not respond.');
  failTokens(400, { error: 'invalid_grant' });
  await attempt('The answer of the provider could not be verified.');
  provider.intercept = undefined;

  // The code of the return is spent before the page gets there.
  await page.route('**/console/session/oidc', async (route) => {
    const { status } = await client(fleet.url).post('/auth/oidc/exchange', route.request().postDataJSON());
    expect(status).toBe(200);
    await route.continue();
  });
  await attempt('This sign-in took too long, or was used already.');
  await page.unroute('**/console/session/oidc');

  await page.reload();
  await page.waitForURL('**/console/sign-in?to=%2Fconsole%2Fproducts');
  expect(await page.getByRole('alert').count()).toBe(0);
  await page.route('**/console/session/oidc', (route) =>
    route.fulfill({ status: 503, json: { status: 503, error_code: 'SERVICE_UNAVAILABLE', detail: 'away' } }),
  );
  await providerButton(page).click();
  await page.getByText('A service is away.').waitFor();
  await page.unroute('**/console/session/oidc');
  await page.getByRole('button', { name: 'Try again' }).press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Products' }).waitFor();
});

test('of two tabs at the provider the later one signs in, and the earlier one says that it has expired', async ({
  fleet,
  browser,
  provider,
}) => {
  const staff = await newVerifiedStaff(fleet);
  atProvider(provider, staff.email);
  const { page, context } = await openScreen(browser, fleet.url, { elsewhere: provider.issuer });
  const later = await context.newPage();
  waitAtProvider(provider);
  for (const tab of [page, later]) {
    await tab.bringToFront(); // behind another tab a page is drawn once a second
    await tab.goto('/console/sign-in');
    await providerButton(tab).click();
    await tab.getByText('at the provider').waitFor();
  }
  provider.intercept = undefined;
  await page.reload();
  await page.getByText('This sign-in took too long, or was used already.').waitFor();
  await later.reload();
  await home(later);
});

test('an address with the code of a stranger signs nobody in, whatever the tab has begun, and ends no session', async ({
  fleet,
  browser,
  provider,
}) => {
  const stranger = await newVerifiedStaff(fleet, 'Stranger');
  const staff = await newVerifiedStaff(fleet);
  const code = await foreignCode(fleet, provider, stranger.email);
  expect(code.length).toBeGreaterThan(40);
  const { page, context } = await openScreen(browser, fleet.url, { elsewhere: provider.issuer });
  const exchanges: string[] = [];
  context.on('request', (request) => {
    if (request.url().endsWith('/console/session/oidc')) exchanges.push(request.url());
  });
  const notBegun = page.getByText('This sign-in was not begun in this tab. Begin it here.');
  const forged = [
    `/console/sign-in/return#code=${code}`,
    `/console/sign-in/return?state=${'a'.repeat(32)}#code=${code}`,
    `/console/sign-in/return?state=undefined#code=${code}`,
  ];
  const openForged = async () => {
    for (const address of forged) {
      await page.goto('about:blank');
      await page.goto(address);
      await notBegun.waitFor();
      expect(page.url()).not.toContain(code);
    }
  };
  await openForged();
  expect(await findBarriersInBothThemes(page)).toEqual([]);

  // The tab has begun, and stands at the provider.
  atProvider(provider, staff.email);
  waitAtProvider(provider);
  await providerButton(page).click();
  await page.getByText('at the provider').waitFor();
  const address = page.url();
  await openForged();
  expect(exchanges).toEqual([]);
  provider.intercept = undefined;
  await page.goto(address);
  await home(page);
  expect(exchanges).toHaveLength(1);

  // Somebody who is signed in stays so.
  for (const address of forged) {
    await page.goto('about:blank');
    await page.goto(address);
    await home(page);
  }
  expect(exchanges).toHaveLength(1);
  const other = await openScreen(browser, fleet.url);
  await other.page.goto('/console/sign-in/return');
  await other.page.waitForURL('**/console/sign-in');
  expect(await other.page.getByRole('alert').count()).toBe(0);
  // The code was good all the time.
  expect((await client(fleet.url).post('/auth/oidc/exchange', { code })).body.user.email).toBe(stranger.email);
});

test('a person who is invited joins by a provider, without a password', async ({ fleet, browser, provider }) => {
  const staff = await newStaff(fleet.url);
  const email = `${randomUUID()}@example.com`;
  expect((await staff.post('/api/v1/invitations', { email, role: 'viewer', name: 'Mihai Popa' })).status).toBe(201);
  const link = await mailedLink(fleet, email, 'invite');
  atProvider(provider, `${randomUUID()}@example.net`); // an invitation is joined by its link, not by the address
  const screen = await openScreen(browser, fleet.url, { elsewhere: provider.issuer });
  const { page } = screen;
  await page.goto(link.pathname + link.hash);
  await expect.poll(() => page.getByRole('textbox', { name: 'Your name' }).inputValue()).toBe('Mihai Popa');
  await providerButton(page).click();
  await home(page, 'Mihai Popa');
  const stored = await storedText(screen);
  expect(stored).not.toContain(link.hash.slice('#token='.length));
  expect(await keptAttempts(page)).toEqual([]);
  const { users } = (await staff.get('/api/v1/users?search=Mihai')).body;
  expect(users).toMatchObject([{ email, role: 'viewer' }]);
});

test('a provider is chosen by the keyboard alone; without one the page is as it was', async ({
  fleet,
  browser,
  provider,
}) => {
  const staff = await newVerifiedStaff(fleet);
  atProvider(provider, staff.email);
  const { page, context } = await openScreen(browser, fleet.url, { elsewhere: provider.issuer });
  await page.goto('/console/sign-in');
  await providerButton(page).waitFor();
  expect(await findBarriersInBothThemes(page)).toEqual([]);
  const stops: string[] = [];
  const focused = () => page.evaluate<string>('document.activeElement.textContent || document.activeElement.name');
  for (
    let stop = await focused();
    stop !== 'Continue with Test Provider' && stops.length < 10;
    stop = await focused()
  ) {
    stops.push(stop);
    await page.keyboard.press('Tab');
  }
  expect(stops).toEqual(['email', 'password', expect.any(String), 'Sign in', 'Forgot the password?']);
  await page.keyboard.press('Enter');
  await home(page);

  await context.clearCookies();
  await page.route('**/auth/oidc', (route) => route.fulfill({ json: { providers: [] } }));
  const listed = page.waitForResponse('**/auth/oidc');
  await page.goto('/console/sign-in');
  await listed;
  await page.getByRole('link', { name: 'Forgot the password?' }).waitFor();
  expect(await page.getByRole('button', { name: /^Continue with/ }).count()).toBe(0);
  expect(await page.getByText('or', { exact: true }).count()).toBe(0);
  await signInByForm({ page, context, complaints: [] }, staff.email);
});
