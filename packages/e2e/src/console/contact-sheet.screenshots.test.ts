import { execFile } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repoRoot } from '@clientela/fleet';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { client, type Client } from '../testing/test-fleet.ts';
import { consoleTest as test, openScreen } from './console-test.ts';

// Takes a picture of every screen with the demo data, for a person to look at: npm run screenshots.

const folder = join(repoRoot, '.data/screenshots');
const widths = [1280, 320] as const;
const themes = ['light', 'dark'] as const;
/** The screens that the README shows, and in which theme. */
const inReadme: Readonly<Record<string, 'light' | 'dark'>> = { customers: 'light', customer: 'dark' };

/** Loads the demo data. @returns its admin */
async function loadDemo(url: string): Promise<{ email: string; password: string }> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    join(repoRoot, 'packages/fleet/src/commands/demo.ts'),
    url,
  ]);
  const [, email = ''] = /e-mail: +(\S+)/.exec(stdout) ?? [];
  const [, password = ''] = /password: +(\S+)/.exec(stdout) ?? [];
  return { email, password };
}

/** Imports a file with rows that fail. @returns the id of the import */
async function importFile(admin: Client): Promise<string> {
  const form = new FormData();
  const lines = ['full_name,email,phone', 'Ilinca Barză,ilinca@example.com,+40 721 555 010', 'Nobody,not an address,1'];
  form.append('file', new Blob([lines.join('\n')]), 'spring-fair.csv');
  const { id } = (await admin.post('/api/customers/imports', form)).body.import;
  const read = async () => (await admin.get(`/api/customers/imports/${id}`)).body.import.status;
  await expect.poll(read, { timeout: 30_000 }).toBe('done');
  return id;
}

async function signIn(page: Page, { email, password }: { email: string; password: string }): Promise<void> {
  await page.goto('/console/sign-in');
  await page.locator('input[type=email]').fill(email);
  await page.locator('input[type=password]').fill(password);
  await page.keyboard.press('Enter');
  await page.getByRole('navigation').first().waitFor();
}

/** Addresses, some with the key that opens a dialog there. */
type Screens = Record<string, readonly [path: string, key?: string]>;

async function findScreens(admin: Client, userId: string): Promise<Screens> {
  const importId = await importFile(admin);
  const { customers } = (await admin.get('/api/customers?sort=-lifetime_value&per_page=1')).body;
  const { products } = (await admin.get('/api/products?per_page=1')).body;
  const customer = `/console/customers/${customers[0].id}`;
  const tabs = ['interactions', 'transactions', 'notes', 'favorites', 'history', 'orders', 'complaints', 'privacy'];
  return {
    today: ['/console'],
    search: ['/console', 'Control+k'],
    customers: ['/console/customers?tag=wholesale&sort=-lifetime_value'],
    'customers-none-found': ['/console/customers?q=nobody%20at%20all'],
    'new-customer': ['/console/customers', 'c'],
    customer: [customer],
    'edit-customer': [customer, 'e'],
    ...Object.fromEntries(tabs.map((tab) => [`customer-${tab}`, [`${customer}?tab=${tab}`] as const])),
    complaints: ['/console/complaints'],
    import: ['/console/import'],
    'import-done': [`/console/import/${importId}`],
    products: ['/console/products'],
    'new-product': ['/console/products', 'c'],
    product: [`/console/products/${products[0].id}`],
    analytics: ['/console/analytics'],
    team: ['/console/team'],
    'team-invite': ['/console/team', 'c'],
    'team-member': [`/console/team/${userId}`],
    roles: ['/console/team/roles'],
    me: ['/console/me'],
    'api-keys': ['/console/developers/keys'],
    'new-api-key': ['/console/developers/keys', 'c'],
    audit: ['/console/audit'],
    settings: ['/console/settings'],
    shortcuts: ['/console/keys'],
    'not-found': ['/console/nowhere'],
  };
}

const open = (names: readonly string[]): Screens =>
  Object.fromEntries(names.map((name) => [name.replace('/', '-'), [`/console/${name}`] as const]));

// Makes the window as high as what scrolls in it, so that a picture shows all of it, and waits until that is drawn.
const readHeight = `(() => {
  const { scrollHeight, clientHeight } = document.querySelector('main') ?? document.documentElement;
  return Math.min(4000, 800 + scrollHeight - clientHeight);
})()`;
const nextFrames = 'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))';

async function takeForReadme(page: Page, name: string): Promise<void> {
  const colorScheme = inReadme[name];
  if (colorScheme === undefined) return;
  await page.emulateMedia({ colorScheme });
  const path = join(repoRoot, `docs/images/${name}.png`);
  const picture = await page.screenshot({ path, animations: 'disabled' });
  expect(picture.length).toBeLessThan(200_000);
}

/** Takes the pictures of all screens, each loaded once. @returns their names */
async function takeAll(page: Page, locale: string, screens: Screens): Promise<string[]> {
  const taken: string[] = [];
  for (const [name, [path, key]] of Object.entries(screens)) {
    await page.goto(path);
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    await page.waitForLoadState('networkidle');
    await expect.poll(() => page.locator('[role=status] > div[aria-hidden]').count(), { timeout: 30_000 }).toBe(0); // no skeletons
    await page.waitForLoadState('networkidle');
    if (key !== undefined) {
      await page.keyboard.press(key);
      await page.getByRole('dialog').waitFor();
      await page.waitForLoadState('networkidle');
    }
    for (const width of widths) {
      await page.setViewportSize({ width, height: 800 });
      await page.evaluate(nextFrames);
      if (locale === 'en' && width === 1280) await takeForReadme(page, name);
      await page.setViewportSize({ width, height: await page.evaluate<number>(readHeight) });
      await page.evaluate(nextFrames);
      for (const colorScheme of themes) {
        await page.emulateMedia({ colorScheme });
        const file = `${locale}-${colorScheme}-${width}/${name}.png`;
        await page.screenshot({ path: join(folder, file), animations: 'disabled' });
        taken.push(file);
      }
    }
    await page.setViewportSize({ width: widths[0], height: 800 });
  }
  return taken;
}

test(
  'every screen in both themes, wide and narrow, in English and Russian',
  { timeout: 900_000 },
  async ({ fleet, browser }) => {
    const demo = await loadDemo(fleet.url);
    const { access_token, user } = (await client(fleet.url).post('/auth/login', demo)).body;
    const screens = await findScreens(client(fleet.url, access_token), user.id);
    const { email, password = '' } = fleet.superuser;
    rmSync(folder, { recursive: true, force: true });
    const takeIn = async (locale: string) => {
      const { page, context } = await openScreen(browser, fleet.url, { locale });
      const signedOut = await takeAll(page, locale, {
        ...open(['sign-in', 'forgot', 'invite']),
        'sign-in-refused': ['/console/sign-in/return#error=OIDC_NO_USER'],
      });
      await signIn(page, demo);
      const staff = await takeAll(page, locale, screens);
      await context.clearCookies();
      await signIn(page, { email, password });
      return [...signedOut, ...staff, ...(await takeAll(page, locale, open(['companies', 'events/failed'])))];
    };
    const taken = (await Promise.all(['en', 'ru'].map(takeIn))).flat();
    const pictures = taken
      .toSorted()
      .map((path) => `<figure><img src="${path}"><figcaption>${path}</figcaption></figure>`);
    const style = 'body{display:flex;flex-wrap:wrap;gap:16px}img{max-height:480px;border:1px solid}figure{margin:0}';
    writeFileSync(join(folder, 'index.html'), `<!doctype html><style>${style}</style>${pictures.join('\n')}`);
  },
);
