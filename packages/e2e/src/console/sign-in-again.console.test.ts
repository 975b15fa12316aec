import type { Locator } from 'playwright-core';
import { expect } from 'vitest';
import { client, type TestFleet } from '../testing/test-fleet.ts';
import {
  findBarriersInBothThemes,
  newStaff,
  openScreen,
  password,
  signIn,
  whenLoaded,
  consoleTest as test,
  type Screen,
  type Staff,
} from './console-test.ts';
import { atProvider, keptAttempts, newVerifiedStaff, providerButton } from './provider.ts';

/** Opens a customer, begins a note about them, and ends the session meanwhile. */
async function endSessionOverNote(fleet: TestFleet, staff: Staff, screen: Screen) {
  const { page } = screen;
  const { customer } = (await staff.post('/api/customers', { full_name: 'Olga Petrova' })).body;
  await signIn(screen, staff.email, `/console/customers/${customer.id}`);
  await page.getByRole('heading', { level: 1, name: 'Olga Petrova' }).waitFor();
  await page.keyboard.press('n');
  const note = page.getByRole('textbox', { name: 'What happened?' });
  await note.fill('Asked for the price list.');
  expect((await staff.post('/auth/logout-all')).status).toBe(200);
  await expect.poll(async () => (await staff.get('/auth/me')).status).toBe(401); // gateways know of it within two seconds
  await note.press('Control+Enter');
  const dialog = page.getByRole('dialog', { name: 'You were signed out' });
  const inOtherTab = dialog.getByRole('button', { name: 'Continue with Test Provider in another tab' });
  await inOtherTab.waitFor();
  const notes = async () => {
    const { access_token } = (await client(fleet.url).post('/auth/login', { email: staff.email, password })).body;
    return (await client(fleet.url, access_token).get(`/api/customers/${customer.id}/notes`)).body.notes;
  };
  return { note, dialog, inOtherTab, notes };
}

test('who worked when the session ended signs in with a provider in another tab, and goes on with what was typed', async ({
  fleet,
  browser,
  provider,
}) => {
  const staff = await newVerifiedStaff(fleet);
  atProvider(provider, undefined);
  const screen = await openScreen(browser, fleet.url, { elsewhere: provider.issuer });
  const { page, context } = screen;
  const { note, dialog, inOtherTab, notes } = await endSessionOverNote(fleet, staff, screen);
  expect(await findBarriersInBothThemes(page)).toEqual([]);
  await page.setViewportSize({ width: 320, height: 800 });
  const cut =
    '[...document.querySelectorAll("[role=dialog] button")].filter((each) => each.scrollWidth > each.clientWidth)';
  expect(await page.evaluate<number>(`${cut}.length`)).toBe(0);

  // A browser may allow no further tab.
  await page.evaluate('(window.openTab = window.open, window.open = () => null, undefined)');
  await inOtherTab.press('Enter');
  await dialog.getByRole('alert').getByText('The browser opened no tab.').waitFor();
  await page.evaluate('(window.open = window.openTab, undefined)');

  const opened = context.waitForEvent('page');
  await inOtherTab.press('Enter');
  const tab = await opened;
  await tab.getByText('The sign-in was cancelled, or the provider refused it.').waitFor();
  expect(await tab.evaluate('opener')).toBe(null);
  await dialog.waitFor();
  atProvider(provider, staff.email);
  await providerButton(tab).click();
  await tab.getByText('Your work waits in the other tab.').waitFor();
  expect(await findBarriersInBothThemes(tab)).toEqual([]);
  await dialog.waitFor({ state: 'detached' });
  for (const each of [page, tab]) expect(await keptAttempts(each)).toEqual([]);
  expect(await note.inputValue()).toBe('Asked for the price list.');
  expect(await notes()).toEqual([]);
  await note.press('Control+Enter');
  await expect.poll(notes).toMatchObject([{ content: 'Asked for the price list.' }]);
});

test('somebody else who signs in, in another tab or over the page, sees nothing of the person who worked there', async ({
  fleet,
  browser,
  provider,
}) => {
  const stranger = await newVerifiedStaff(fleet, 'Stranger');
  const ways = {
    'in another tab': async ({ context }: Screen, inOtherTab: Locator) => {
      atProvider(provider, stranger.email);
      const opened = context.waitForEvent('page');
      await inOtherTab.press('Enter');
      await (await opened).getByText('Your work waits in the other tab.').waitFor();
    },
    'over the page': async ({ page }: Screen) => {
      await page.getByRole('dialog').getByLabel('E-mail').fill(stranger.email);
      await page.getByRole('dialog').getByLabel('Password', { exact: true }).fill(password);
      await page.keyboard.press('Enter');
    },
  };
  for (const [name, signInAsStranger] of Object.entries(ways)) {
    const staff = await newStaff(fleet.url);
    const screen = await openScreen(browser, fleet.url, { elsewhere: provider.issuer });
    const { page } = screen;
    const { inOtherTab } = await endSessionOverNote(fleet, staff, screen);
    await signInAsStranger(screen, inOtherTab);
    await page.getByRole('button', { name: 'Account of Stranger' }).waitFor();
    await whenLoaded(page);
    expect(await page.getByText('Olga Petrova').count(), name).toBe(0);
    expect(await page.getByRole('textbox', { name: 'What happened?' }).count(), name).toBe(0);
    screen.complaints.splice(0, Infinity, ...screen.complaints.filter((each) => !each.includes('status of 404')));
  }
});
