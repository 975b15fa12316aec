import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repoRoot } from '@clientela/fleet';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { client, type Client } from '../testing/test-fleet.ts';
import { consoleTest as test, openScreen } from './console-test.ts';

// Takes a picture of every screen with the demo data, for a person to look at: npm run screenshots.

const folder = join(repoRoot, '.data/screenshots');
const sheets = (['light', 'dark'] as const).flatMap((colorScheme) =>
  [1280, 320].flatMap((width) => ['en', 'ru'].map((locale) => ({ colorScheme, width, locale }))),
);

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

test(
  'every screen in both themes, wide and narrow, in English and Russian',
  { timeout: 900_000 },
  async ({ fleet, browser }) => {
    const demo = await loadDemo(fleet.url);
    const { access_token, user } = (await client(fleet.url).post('/auth/login', demo)).body;
    const admin = client(fleet.url, access_token);
    const importId = await importFile(admin);
    const { customers } = (await admin.get('/api/customers?sort=-lifetime_value&per_page=1')).body;
    const { products } = (await admin.get('/api/products?per_page=1')).body;
    const customer = `/console/customers/${customers[0].id}`;
    const screens: Record<string, string> = {
      today: '/console',
      customers: '/console/customers?sort=-lifetime_value',
      'customers-none-found': '/console/customers?q=nobody%20at%20all',
      customer,
      ...Object.fromEntries(
        ['interactions', 'transactions', 'notes', 'favorites', 'history', 'orders', 'complaints', 'privacy'].map(
          (tab) => [`customer-${tab}`, `${customer}?tab=${tab}`],
        ),
      ),
      complaints: '/console/complaints',
      import: '/console/import',
      'import-done': `/console/import/${importId}`,
      products: '/console/products',
      product: `/console/products/${products[0].id}`,
      analytics: '/console/analytics',
      team: '/console/team',
      'team-member': `/console/team/${user.id}`,
      roles: '/console/team/roles',
      me: '/console/me',
      'api-keys': '/console/developers/keys',
      audit: '/console/audit',
      settings: '/console/settings',
      shortcuts: '/console/keys',
      'not-found': '/console/nowhere',
    };
    rmSync(folder, { recursive: true, force: true });
    const shots: string[] = [];
    for (const { colorScheme, width, locale } of sheets) {
      const sheet = `${locale}-${colorScheme}-${width}`;
      mkdirSync(join(folder, sheet), { recursive: true });
      const take = async (page: Page, name: string) => {
        await page.getByRole('heading', { level: 1 }).first().waitFor();
        await page.waitForLoadState('networkidle');
        const path = join(folder, sheet, `${name}.png`);
        await page.screenshot({ path, fullPage: width === 320, animations: 'disabled' });
        shots.push(`${sheet}/${name}.png`);
      };
      const { page, context } = await openScreen(browser, fleet.url, { colorScheme, width, locale });
      for (const name of ['sign-in', 'sign-in/return#error=OIDC_NO_USER', 'forgot', 'invite']) {
        await page.goto(`/console/${name}`);
        await take(page, name.replaceAll(/\W/g, '-'));
      }
      await signIn(page, demo);
      for (const [name, path] of Object.entries(screens)) {
        await page.goto(path);
        await take(page, name);
      }
      await context.clearCookies();
      const { email, password = '' } = fleet.superuser;
      await signIn(page, { email, password });
      for (const name of ['companies', 'events/failed']) {
        await page.goto(`/console/${name}`);
        await take(page, name.replace('/', '-'));
      }
      await context.close();
    }
    const images = join(repoRoot, 'docs/images'); // the README shows them
    mkdirSync(images, { recursive: true });
    for (const name of ['customers', 'customer']) {
      const picture = readFileSync(join(folder, 'en-light-1280', `${name}.png`));
      expect(picture.length).toBeLessThan(200_000);
      writeFileSync(join(images, `${name}.png`), picture);
    }
    const pictures = shots.map((path) => `<figure><img src="${path}"><figcaption>${path}</figcaption></figure>`);
    const style = 'body{display:flex;flex-wrap:wrap;gap:16px}img{max-height:480px;border:1px solid}figure{margin:0}';
    writeFileSync(join(folder, 'index.html'), `<!doctype html><style>${style}</style>${pictures.join('\n')}`);
  },
);
