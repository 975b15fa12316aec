import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { newStaff, openScreen, signIn, consoleTest as test, type Screen } from './console-test.ts';
import { plantCanaries } from './plant-canaries.ts';
import { findUnmarked, serveMarkedMessages } from './pseudo-locale.ts';
import { createRecordScreens, framedScreens, openScreens, superuserScreens } from './screens.ts';

const typed = '§§§';

/** What people typed, and what has one form in every language. */
const data = [
  /§§§ [a-z]+/g,
  /Bruno Sosa|Reading glasses|Ion Rusu|Clientela|Super User|Test Provider/g,
  /English|Español|Português|Română/g, // each by its own name
  /\S+@\S+|Mozilla.+|\bnode\b|Chrome, Linux/g, // addresses and programs
  /[0-9a-f]{8}-[0-9a-f-]{27}|(?:USER|COMP)-\d+|clt_\w+/g, // ids
  /^Испания$/g, // a country, whose name the browser knows
  /\b(?:EUR|ES|CSV)\b|^(?:Tab|Esc|Enter|(?:Ctrl|Shift)\+\w+)$/g, // currencies, countries and keys
  /^[a-z_]+(?:[:.][a-z_]+)+$/g, // permissions and actions
  /^(?:sign_in|import|favorite|name, business_name)$/g, // of the audit log, where they are searched by these names
  /^email$/g, // the name of a column in the file
];

async function whenStill(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 1 }).first().waitFor();
  await page.waitForLoadState('networkidle');
  await page.locator('[role=status] > div[aria-hidden]').first().waitFor({ state: 'detached' });
}

/** Opens each address, presses a key there that opens a dialog, and collects what is no message. */
async function collect({ page }: Screen, screens: readonly (readonly [path: string, key?: string])[]) {
  const found: string[] = [];
  for (const [path, key] of screens) {
    await page.goto(path);
    await whenStill(page);
    if (key !== undefined) {
      await page.keyboard.press(key);
      await page.getByRole('dialog').waitFor();
    }
    expect(await page.textContent('body'), path).toContain('⟦');
    found.push(...(await findUnmarked(page, data)).map((text) => `${path} ${key ?? ''}: ${text}`));
    for (const width of [320, 1280]) {
      await page.setViewportSize({ width, height: 800 });
      const overflow = await page.evaluate<number>(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      );
      if (overflow > 0) found.push(`${path} ${key ?? ''}: is wider than a window of ${width} px`);
    }
  }
  return found;
}

test(
  'every text of a screen comes from the messages, and longer ones fit',
  { timeout: 600_000 },
  async ({ fleet, browser }) => {
    const staff = await newStaff(fleet.url, `${typed} ana`);
    const names = { name: `${typed} company`, business_name: `${typed} business` };
    await staff.put(`/api/v1/companies/${staff.user.business_id}`, names);
    const records = await createRecordScreens(staff);
    const planted = await plantCanaries(fleet.url, staff, { texts: [typed], isQuick: false });
    const [[customer]] = records;
    const paths = new Set([...framedScreens, ...records].map(([path]) => path).concat(planted.map(({ path }) => path)));
    const dialogs = [
      ['/console', 'ControlOrMeta+k'],
      ...['customers', 'products', 'team', 'developers/keys'].map((path) => [`/console/${path}`, 'c'] as const),
      [customer, 'e'],
    ] as const;
    const open = async () => {
      const screen = await openScreen(browser, fleet.url, { locale: 'ru' });
      await serveMarkedMessages(screen.context);
      return screen;
    };
    const signedOut = await collect(
      await open(),
      openScreens.map((path) => [`/console/${path}`] as const),
    );
    const screen = await open();
    await signIn(screen, staff.email);
    const framed = await collect(screen, [...[...paths].map((path) => [path] as const), ...dialogs]);
    const superuser = await open();
    await signIn(superuser, fleet.superuser.email, '/console/companies', fleet.superuser.password);
    const companies = await collect(
      superuser,
      superuserScreens.map(([path]) => [path] as const),
    );
    expect([...signedOut, ...framed, ...companies]).toEqual([]);
  },
);
