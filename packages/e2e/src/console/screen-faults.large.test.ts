import type { Page, Route } from 'playwright-core';
import { expect } from 'vitest';
import { newStaff, openScreen, signIn, consoleTest as test, type Staff } from './console-test.ts';
import { createRecordScreens, customerTabs, framedScreens } from './screens.ts';

// Every screen while every request of the API fails in one way, and when it works again.

type Fault = { answer: (route: Route) => Promise<void>; said: string };

const problem = (status: number, code: string, headers = {}) => ({
  status,
  contentType: 'application/problem+json',
  headers: { 'X-Request-Id': 'a-request-of-this-test', ...headers },
  body: JSON.stringify({
    type: 'about:blank',
    title: code,
    status,
    detail: 'Some words.',
    error_code: code,
    errors: [],
  }),
});

const faults: Record<string, Fault> = {
  'is refused for a second': {
    answer: (route) => route.fulfill(problem(429, 'RATE_LIMITED', { 'Retry-After': '1' })),
    said: 'Too many requests.',
  },
  'meets a service that is away': {
    answer: (route) => route.fulfill(problem(503, 'SERVICE_UNAVAILABLE')),
    said: 'A service is away.',
  },
  'gets a page of somebody else': {
    answer: (route) => route.fulfill({ status: 200, contentType: 'text/html', body: '<html>Welcome to the hotel' }),
    said: 'The response is not one of this server.',
  },
  'is cut off': { answer: (route) => route.abort('connectionreset'), said: 'The server does not respond.' },
};

/** Creates a record of each kind. @returns the address of every screen that asks the API for something */
async function screensOf(staff: Staff): Promise<string[]> {
  const records = await createRecordScreens(staff);
  const paths = [...framedScreens, ...records].map(([path]) => path);
  const [[customer]] = records;
  return [
    ...paths.filter((path) => !['/console/keys', '/console/nowhere'].includes(path)),
    ...customerTabs.map((tab) => `${customer}?tab=${tab}`),
  ];
}

/** Leaves out what the browser itself reports of the requests that a test lets fail. */
const forgive = (complaints: string[], text: string) => {
  complaints.splice(0, Infinity, ...complaints.filter((each) => !each.includes(text)));
};

/** What a screen asks for; its session is another matter. */
const requests = /\/(?:api|auth)\//;
const main = (page: Page) => page.getByRole('main');
const loading = (page: Page) => main(page).getByRole('status', { name: 'Loading' });

/** Presses what repeats a request until nothing on the screen has failed. */
async function assertRecovers(page: Page, path: string): Promise<void> {
  const failed = main(page).getByRole('alert');
  const recover = async () => {
    const again = main(page).getByRole('button', { name: 'Try again' }).first();
    if (await again.isVisible()) await again.click();
    return (await failed.count()) + (await loading(page).count());
  };
  await expect.poll(recover, { timeout: 30_000, message: `${path} recovers` }).toBe(0);
}

test.for(Object.entries(faults))(
  'a screen whose every request %s says so, and works on',
  { timeout: 900_000 },
  async ([, { answer, said }], { fleet, browser }) => {
    const staff = await newStaff(fleet.url);
    const paths = await screensOf(staff);
    const screen = await openScreen(browser, fleet.url);
    const { page, complaints } = screen;
    await signIn(screen, staff.email);
    const silent: string[] = [];
    for (const path of paths) {
      await page.route(requests, answer);
      await page.goto(path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      const alerts = main(page).getByRole('alert');
      const says = alerts.filter({ hasText: said });
      await says
        .first()
        .waitFor({ timeout: 20_000 })
        .catch(() => silent.push(path));
      await expect.poll(() => loading(page).count(), { timeout: 30_000, message: `${path} ends loading` }).toBe(0);
      expect(await alerts.count(), `every message of ${path} is this one`).toBe(await says.count());
      await page.unroute(requests);
      await assertRecovers(page, path);
    }
    forgive(complaints, 'net::ERR_CONNECTION_RESET');
    expect(silent).toEqual([]);
  },
);

test(
  'a screen that gets its answers late shows what comes, and then it',
  { timeout: 600_000 },
  async ({ fleet, browser }) => {
    const staff = await newStaff(fleet.url);
    const paths = await screensOf(staff);
    const screen = await openScreen(browser, fleet.url);
    const { page } = screen;
    await signIn(screen, staff.email);
    await page.route(requests, async (route) => {
      await new Promise((resolve) => {
        setTimeout(resolve, 1500);
      });
      await route.continue();
    });
    for (const path of paths) {
      await page.goto(path);
      await main(page).locator('[role=status][aria-label=Loading], [aria-busy=true]').first().waitFor();
      await expect.poll(() => loading(page).count(), { timeout: 30_000, message: path }).toBe(0);
      expect(await main(page).getByRole('alert').allTextContents(), path).toEqual([]);
    }
  },
);

test('a file that is too large is named as the reason, and can be replaced', async ({ fleet, browser }) => {
  const { email } = await newStaff(fleet.url);
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  await signIn(screen, email, '/console/import');
  await page.route('**/api/customers/imports', (route) =>
    route.request().method() === 'POST' ? route.fulfill(problem(413, 'PAYLOAD_TOO_LARGE')) : route.continue(),
  );
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Choose a file' }).press('Enter');
  await (await chooser).setFiles({ name: 'a.csv', mimeType: 'text/csv', buffer: Buffer.from('full_name\nOlga\n') });
  await page.getByRole('button', { name: 'Check the file' }).press('Enter');
  await main(page).getByRole('alert').filter({ hasText: 'larger than' }).waitFor();
  await page.unroute('**/api/customers/imports');
  await page.getByRole('button', { name: 'Check the file' }).press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Check of a file' }).waitFor();
  forgive(screen.complaints, 'status of 413');
});
