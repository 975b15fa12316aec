import { expect } from 'vitest';
import { client } from '../testing/test-fleet.ts';
import {
  consoleTest,
  findBarriersInBothThemes,
  newStaff,
  openScreen,
  password,
  signIn,
  storedText,
} from './console-test.ts';

// The fleet of these tests has an idle time of 8 hours.
const test = consoleTest;

test('warns every tab two minutes before the idle time is over; an answer in one keeps all, no answer ends all', async ({
  fleet,
  browser,
}) => {
  const { email } = await newStaff(fleet.url);
  const screen = await openScreen(browser, fleet.url);
  const { page, context } = screen;
  await context.clock.install();
  const tokens: (string | undefined)[] = [];
  page.on('request', (request) => tokens.push(request.headers()['authorization']));
  await signIn(screen, email);
  const other = await context.newPage();
  await other.goto('/console/customers');
  await other.getByRole('heading', { level: 1, name: 'Customers' }).waitFor();
  const both = [page, other];
  const warning = (of: typeof page) => of.getByRole('alertdialog', { name: 'You will be signed out' });

  // A key counts for both, and renews the cookie.
  await context.clock.fastForward('07:57:00');
  const renewed = page.waitForResponse('**/console/session/refresh');
  await page.keyboard.press('Shift');
  expect((await renewed).status()).toBe(200);
  await context.clock.fastForward('07:57:00');
  for (const each of both) expect(await warning(each).count()).toBe(0);

  await context.clock.fastForward('00:01:30');
  for (const each of both) await warning(each).waitFor();
  const stay = page.getByRole('button', { name: 'Stay signed in' });
  await expect.poll(() => page.evaluate<string>('document.activeElement.textContent')).toBe('Stay signed in');
  expect(await findBarriersInBothThemes(page)).toEqual([]);
  await page
    .getByRole('timer')
    .filter({ hasText: /^\d+ seconds left$/ })
    .waitFor();
  // A pointer that somebody bumps into is no answer.
  await page.mouse.move(10, 10);
  await page.mouse.move(300, 20);
  await context.clock.fastForward('00:00:30');
  await warning(page).getByRole('status').filter({ hasText: '60 seconds left' }).waitFor({ state: 'attached' });
  await stay.press('Enter');
  for (const each of both) await warning(each).waitFor({ state: 'detached' });

  await context.clock.fastForward('07:58:30');
  for (const each of both) await warning(each).waitFor();
  await context.clock.fastForward('00:02:00');
  for (const each of both) {
    await each.waitForURL('**/console/sign-in');
    await each.getByText('You were signed out, because nobody used the console for a while.').waitFor();
  }
  await expect.poll(() => context.cookies()).toEqual([]);
  const token = tokens.findLast((value) => value?.startsWith('Bearer '))?.slice('Bearer '.length) ?? '';
  await expect.poll(async () => (await client(fleet.url, token).get('/auth/me')).status).toBe(401);
  expect(await storedText(screen)).not.toContain(email);

  // The idle time begins again with a sign-in.
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Ana Prieto' }).waitFor();
  await page.keyboard.press('Shift');
  expect(new URL(page.url()).pathname).toMatch(/^\/console\/?$/v);
});

test('a machine that slept longer than the idle time is signed out by the first key, above a changed form too', async ({
  fleet,
  browser,
}) => {
  const { email } = await newStaff(fleet.url);
  const screen = await openScreen(browser, fleet.url);
  const { page, context } = screen;
  await context.clock.install();
  await signIn(screen, email, '/console/customers');
  await page.getByRole('button', { name: 'New customer' }).first().click();
  await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('Elena');
  // Moves the clock without its timers, as a sleep does.
  await context.clock.setSystemTime(Date.now() + 9 * 3600_000);
  await page.keyboard.press('a');
  await page.waitForURL('**/console/sign-in');
  await page.getByText('You were signed out, because nobody used the console for a while.').waitFor();
  await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
  await expect.poll(() => context.cookies()).toEqual([]);
});
