import { randomUUID } from 'node:crypto';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { client } from '../testing/test-fleet.ts';
import { consoleTest as test, mailedLink, newStaff, openScreen, password, type Screen } from './console-test.ts';

const usedUp = 'This link was used already, or has expired.';
const newPassword = 'another horse battery';

/** Opens a mail's link as scanners do, which run no script and send no POST. */
async function scan({ href }: URL): Promise<void> {
  for (const method of ['HEAD', 'GET', 'GET']) {
    const response = await fetch(href, { method });
    expect([response.status, response.headers.get('content-type')]).toEqual([
      200,
      expect.stringContaining('text/html'),
    ]);
    await response.body?.cancel();
  }
}

/** Opens a link in a tab, whose address loses the token: it stays in no history. */
async function open(tab: Page, { href }: URL): Promise<void> {
  await tab.goto(href);
  await expect.poll(() => new URL(tab.url()).hash).toBe('');
}

async function openTwice({ page, context }: Screen, link: URL) {
  const tabs = [page, await context.newPage()] as const;
  for (const tab of tabs) await open(tab, link);
  await page.bringToFront(); // behind another tab a page is drawn once a second
  return tabs;
}

test('a forgotten password is replaced by the link of the mail, in one of two tabs', async ({ fleet, browser }) => {
  const { email } = await newStaff(fleet.url);
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  await page.goto('/console/sign-in');
  await page.getByRole('link', { name: 'Forgot the password?' }).click();
  await page.getByLabel('E-mail').fill(email);
  await page.getByRole('button', { name: 'Send the link' }).click();
  await page.getByText('a mail with a link is on its way').waitFor();
  const link = await mailedLink(fleet, email, 'reset');
  await scan(link);
  const tabs = await openTwice(screen, link);
  await tabs[0].getByLabel('New password').fill('short');
  await tabs[0].getByRole('button', { name: 'Set the password' }).click();
  await tabs[0].locator('input[aria-invalid=true]').waitFor(); // leaves the link good
  for (const [tab, text] of [
    [tabs[0], 'The password is set'],
    [tabs[1], usedUp],
  ] as const) {
    await tab.bringToFront();
    await tab.getByLabel('New password').fill(newPassword);
    await tab.getByRole('button', { name: 'Set the password' }).click();
    await tab.getByText(text).waitFor();
  }
  expect((await client(fleet.url).post('/auth/login', { email, password: newPassword })).status).toBe(200);
});

test('an address is verified, and changed, by opening the link of the mail', async ({ fleet, browser }) => {
  const staff = await newStaff(fleet.url);
  const me = async () => (await staff.get('/auth/me')).body.user;
  expect((await staff.post('/auth/verify-email/request')).status).toBe(202);
  const verification = await mailedLink(fleet, staff.email, 'verify');
  await scan(verification);
  expect(await me()).toMatchObject({ email_verified_at: null });
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  await open(page, verification);
  await page.getByText('The e-mail is verified.').waitFor();
  await open(await screen.context.newPage(), verification);
  await screen.context.pages()[1]?.getByText(usedUp).waitFor();
  expect(await me()).toMatchObject({ email_verified_at: expect.stringMatching(/Z$/) });

  const email = `${randomUUID()}@example.com`;
  expect((await staff.post('/auth/change-email', { email, current_password: password })).status).toBe(202);
  const change = await mailedLink(fleet, email, 'change-email');
  await scan(change);
  expect(await me()).toMatchObject({ email: staff.email });
  await open(page, change);
  await page.getByText('The new e-mail is confirmed.').waitFor();
  expect(await me()).toMatchObject({ email });
});

test('a person who is invited joins by a password, in one of two tabs', async ({ fleet, browser }) => {
  const staff = await newStaff(fleet.url);
  const email = `${randomUUID()}@example.com`;
  const { body } = await staff.post('/api/v1/invitations', { email, role: 'viewer', name: 'Mihai Popa' });
  const statusOf = async () =>
    (await staff.get('/api/v1/invitations')).body.invitations.find(
      ({ id }: { id: string }) => id === body.invitation.id,
    )?.status as string;
  const link = await mailedLink(fleet, email, 'invite');
  await scan(link);
  expect(await statusOf()).toBe('sent');
  const tabs = await openTwice(await openScreen(browser, fleet.url), link);
  for (const tab of tabs) {
    await tab.getByRole('heading', { name: 'Join Acme' }).waitFor();
    await expect.poll(() => tab.getByLabel('Your name').inputValue()).toBe('Mihai Popa');
    await tab.getByLabel('Password', { exact: true }).fill(newPassword);
  }
  expect(await statusOf()).toBe('opened');
  await tabs[0].getByRole('button', { name: 'Join', exact: true }).click();
  await tabs[0].getByRole('navigation').first().waitFor();
  await tabs[1].bringToFront();
  await tabs[1].getByRole('button', { name: 'Join', exact: true }).click();
  const notice = tabs[1].getByText(usedUp);
  await notice.waitFor();
  await tabs[1].setViewportSize({ width: 320, height: 800 });
  const overhang = () =>
    notice.evaluate(
      (element: { scrollWidth: number; clientWidth: number }) => element.scrollWidth - element.clientWidth,
    );
  await expect.poll(overhang).toBe(0);
  expect(await statusOf()).toBe('accepted');
});
