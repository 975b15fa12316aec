import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import {
  findBarriersInBothThemes,
  newStaff,
  openPath,
  openScreen,
  signIn,
  whenLoaded,
  consoleTest as test,
} from './console-test.ts';
import { createRecordScreens, framedScreens, openScreens, superuserScreens } from './screens.ts';

/** Seeks barriers of what is shown, in both themes, wide and narrow, where nothing may be wider than the window. */
async function assertNoBarrier(page: Page, path: string): Promise<void> {
  for (const width of [1280, 320]) {
    await page.setViewportSize({ width, height: 800 });
    expect(await findBarriersInBothThemes(page), `${path} ${width}`).toEqual([]);
    const overflow = await page.evaluate<number>(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    );
    expect(overflow, `${path} ${width} is as wide as the window`).toBe(0);
  }
}

test('has no barrier in either theme, at 1280 and 320 px', async ({ fleet, browser }) => {
  const staff = await newStaff(fleet.url);
  const left = [...framedScreens, ...(await createRecordScreens(staff))].values(); // two windows side by side take the next one
  const open = async () => {
    const screen = await openScreen(browser, fleet.url);
    await signIn(screen, staff.email);
    for (const [path, heading] of left) {
      await openPath(screen.page, path, heading);
      await assertNoBarrier(screen.page, path);
    }
  };
  const openSignedOut = async () => {
    const { page } = await openScreen(browser, fleet.url);
    for (const path of openScreens) {
      await page.goto(`/console/${path}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await assertNoBarrier(page, path);
    }
    await open();
  };
  await Promise.all([open(), openSignedOut()]);
});

test('has no barrier for a superuser, who acts in no company and then in one, and sees that by a coloured frame', async ({
  fleet,
  browser,
}) => {
  const staff = await newStaff(fleet.url);
  const name = `Optics ${staff.email.slice(0, 8)}`;
  await staff.put(`/api/v1/companies/${staff.user.business_id}`, { name });
  const { email, password } = fleet.superuser;
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  const hasFrame = () =>
    page.evaluate<boolean>('getComputedStyle(document.querySelector("#root > div")).borderStyle === "solid"');
  const openAll = async (isActing: boolean) => {
    for (const [path, heading] of superuserScreens) {
      await openPath(page, path, heading);
      await assertNoBarrier(page, `${path}, acting: ${isActing}`);
      expect(await hasFrame(), path).toBe(isActing);
    }
  };
  await signIn(screen, email, '/console/companies', password);
  await openAll(false);
  await page.setViewportSize({ width: 1280, height: 800 });
  await openPath(page, '/console/companies', 'Companies');
  await page.getByRole('button', { name: `Act in ${name}` }).press('Enter');
  const picker = page.getByRole('button', { name: `Acting in ${name}` });
  await picker.waitFor();
  await whenLoaded(page);
  await assertNoBarrier(page, '/console');
  await openAll(true);
  await picker.press('Enter');
  await page.getByRole('menu').waitFor();
  await assertNoBarrier(page, 'the companies to act in');
});
