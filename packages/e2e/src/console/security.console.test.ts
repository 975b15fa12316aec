import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Request } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';
import { assertCanaries } from './assert-canaries.ts';
import { canaryOfEachKind } from './canaries.ts';
import {
  closeContext,
  consoleTest,
  newStaff,
  openScreen,
  signIn,
  signInByForm,
  storedText,
  whenLoaded,
} from './console-test.ts';

const test = consoleTest;

// canaries.large.test.ts has all texts on all screens.
test('what people typed is shown as they typed it on every screen, and runs nowhere', async ({ fleet, browser }) => {
  const staff = await newStaff(fleet.url, canaryOfEachKind.at(-1));
  await assertCanaries(fleet, browser, staff, { texts: canaryOfEachKind, isQuick: true });
});

test('characters that turn or hide others are seen, and those that a script needs are left alone', async ({
  fleet,
  browser,
}) => {
  const staff = await newStaff(fleet.url);
  const names = {
    'ab\u202Egnp.exe': ['202E'],
    'p\u200Day\u200Bpal': ['200D', '200B'],
    'می\u200Cخواهم': [],
    '👩\u200D💻': [],
  };
  for (const name of Object.keys(names)) await staff.post('/api/products', { name, price: '1.00' });
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  await signIn(screen, staff.email, '/console/products');
  for (const [name, codes] of Object.entries(names)) {
    const link = page.getByRole('rowheader').getByRole('link').filter({ hasText: name });
    await link.waitFor();
    expect(await link.textContent()).toBe(name);
    const marks = link.locator('[data-code]');
    const shown = await page.evaluate<string[]>(
      `[...document.querySelectorAll('tbody tr')].filter((row) => row.textContent.includes(${JSON.stringify(name)})).flatMap((row) =>
        [...row.querySelectorAll('[data-code]')].map((mark) => getComputedStyle(mark, '::before').content))`,
    );
    expect(shown, name).toEqual(codes.map((code) => `"${code}"`));
    for (const mark of await marks.all()) expect((await mark.boundingBox())?.width).toBeGreaterThan(10);
  }
});

/** Everything that a request carries but its `Authorization` and its cookie. */
async function contentOf(request: Request): Promise<string> {
  const { authorization: _token, cookie: _cookie, ...headers } = await request.allHeaders();
  return JSON.stringify([request.url(), headers, request.postData()]);
}

test('a whole session leaves no token and no personal datum in the browser, its addresses or its console', async ({
  fleet,
  browser,
}) => {
  const staff = await newStaff(fleet.url, 'Zenobia Quist');
  const person = { full_name: 'Ulrika Vandermeer', email: 'ulrika@example.net', phone: '+34600111222' };
  const { customer } = (await staff.post('/api/customers', { ...person, tags: ['Ostrich'] })).body;
  await staff.post(`/api/customers/${customer.id}/notes`, { content: 'Likes porcelain' });
  const secrets = ['Zenobia', 'Quist', staff.email, ...Object.values(person), 'Ulrika', 'Ostrich', 'porcelain'];
  const screen = await openScreen(browser, fleet.url);
  const { page, context } = screen;
  const requests: Request[] = [];
  const said: string[] = [];
  context.on('request', (request) => requests.push(request));
  context.on('console', (message) => said.push(message.text()));
  context.on('page', () => said.push('another window'));
  await signInByForm(screen, staff.email);
  const links = await page.getByRole('navigation').first().getByRole('link').all();
  const sections = await Promise.all(links.map(async (link) => (await link.getAttribute('href')) ?? ''));
  const stored: string[] = [];
  for (const path of [
    ...sections,
    `/console/customers/${customer.id}`,
    `/console/customers/${customer.id}?tab=notes`,
  ]) {
    await page.goto(path);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await whenLoaded(page);
    stored.push(await storedText(screen));
  }
  await page.getByText('Likes porcelain').waitFor();
  await page.keyboard.press('n');
  await page.keyboard.type('Ulrika will call back'); // a draft that is left behind
  stored.push(await storedText(screen));

  const cookies = await context.cookies();
  expect(cookies).toHaveLength(1);
  expect(cookies[0]).toMatchObject({ domain: new URL(fleet.url).hostname, httpOnly: true, sameSite: 'Strict' });
  const tokens = await Promise.all(requests.map((request) => request.headerValue('authorization')));
  const own = new Set(tokens.flatMap((value) => value?.split(' ')[1] ?? [])); // each opened screen has another one
  expect(own.size).toBeGreaterThan(sections.length);
  const credentials = [...own, cookies[0]?.value ?? '?'];
  secrets.push(...credentials);

  page.on('dialog', (dialog) => void dialog.accept());
  await page.goto('/console');
  await page.getByRole('button', { name: 'Account of Zenobia Quist' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.waitForURL('**/console/sign-in');
  await expect.poll(() => context.cookies()).toEqual([]);
  await page.goBack();
  await page.waitForURL('**/console/sign-in**');
  stored.push(await storedText(screen), said.join('\n'), await page.title());
  const body = await page.textContent('body');
  for (const secret of secrets) {
    for (const text of stored) expect(text).not.toContain(secret);
    expect(body).not.toContain(secret);
  }
  const inRequests = await Promise.all(requests.map(contentOf));
  for (const secret of credentials) expect(inRequests.filter((text) => text.includes(secret))).toEqual([]);
});

/** Every way in which a page of another origin can send a request, with the cookies of the person. */
const forgery = (target: string) => `(async () => {
  const outcomes = [];
  for (const [method, path] of [['POST', ''], ['POST', '/refresh'], ['DELETE', '']])
    for (const mode of ['cors', 'no-cors'])
      for (const type of ['application/json', 'text/plain']) {
        const options = { method, mode, credentials: 'include', headers: { 'Content-Type': type } };
        if (method === 'POST') options.body = '{}';
        outcomes.push(await fetch('${target}/console/session' + path, options)
          .then(async (answer) => answer.type + ' ' + (await answer.text()), () => 'refused'));
      }
  navigator.sendBeacon('${target}/console/session/refresh', new Blob(['{}'], { type: 'text/plain' }));
  outcomes.push(await fetch('${target}/api/customers', { credentials: 'include' }).then((answer) => answer.text(), () => 'refused'));
  const frame = document.createElement('iframe');
  frame.name = 'frame';
  document.body.append(frame);
  for (const path of ['', '/refresh']) {
    const form = Object.assign(document.createElement('form'),
      { method: 'post', action: '${target}/console/session' + path, enctype: 'text/plain', target: 'frame' });
    form.append(Object.assign(document.createElement('input'), { name: '{"a":"', value: '"}' }));
    document.body.append(form);
    await new Promise((resolve) => { frame.onload = resolve; form.submit(); });
  }
  return [...new Set(outcomes)];
})()`;

test.for([
  ['another port of the same host, to which the cookie goes', '127.0.0.1'],
  ['another site', 'localhost'],
] as const)('a page of %s can use no session', async ([, host], { fleet, browser }) => {
  const server = createServer((_req, res) => res.setHeader('Content-Type', 'text/html').end('<!doctype html>'));
  await new Promise<void>((resolve) => server.listen(0, resolve));
  onTestFinished(() => void server.close());
  const staff = await newStaff(fleet.url);
  const context = await browser.newContext({ baseURL: fleet.url, locale: 'en' });
  onTestFinished(() => closeContext(context));
  const page = await context.newPage();
  await signInByForm({ page, context, complaints: [] }, staff.email);
  const before = await context.cookies();
  expect(before).toHaveLength(1);
  const sessions = async () => (await staff.get('/auth/sessions')).body.sessions.length as number;
  expect(await sessions()).toBe(2);

  const evil = await context.newPage();
  const statuses = new Set<number>();
  evil.on('response', (response) => {
    if (response.url().startsWith(fleet.url)) statuses.add(response.status());
  });
  await evil.goto(`http://${host}:${(server.address() as AddressInfo).port}/`);
  const outcomes = await evil.evaluate<string[]>(forgery(fleet.url));
  // What the page gets is nothing, or an answer that it cannot read; nothing that was sent did anything.
  expect(outcomes.filter((outcome) => !['refused', 'opaque '].includes(outcome))).toEqual([]);
  expect([...statuses].filter((status) => status < 400)).toEqual([]);
  expect(await context.cookies()).toEqual(before);

  const framed = await evil.evaluate<boolean>(
    `new Promise((resolve) => {
      const frame = document.createElement('iframe');
      frame.src = '${fleet.url}/console';
      frame.onload = () => { try { void frame.contentWindow.location.href; resolve(true); } catch { resolve(frame.contentWindow.length > 0); } };
      document.body.append(frame);
    })`,
  );
  expect(framed).toBe(false);
  expect(await sessions()).toBe(2);
  await page.reload();
  await page.getByRole('heading', { level: 1, name: 'Ana Prieto' }).waitFor();
});
