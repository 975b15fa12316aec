import type { Browser, CDPSession, Page } from 'playwright-core';
import { credentials } from './bench-fleet.ts';
import { median } from './measure.ts';

export type Budget = { what: string; value: number; max?: number; unit: string };

const firstName = '[aria-rowindex="2"] > :nth-child(2)';
const firstRow = `document.querySelector('${firstName}')?.textContent`;
/** In the page: waits frame by frame until something is true, and tells the milliseconds since the last click or key. */
const helpers = `
  for (const type of ['pointerdown', 'keydown'])
    addEventListener(type, (event) => { globalThis.acted = event.timeStamp; }, true);
  globalThis.until = (isTrue) => new Promise((resolve) => {
    const look = () => (isTrue() ? resolve(performance.now() - globalThis.acted) : requestAnimationFrame(look));
    requestAnimationFrame(look);
  });
  globalThis.interactions = new Map();
  new PerformanceObserver((list) => {
    for (const { interactionId, duration } of list.getEntries())
      if (interactionId) interactions.set(interactionId, Math.max(duration, interactions.get(interactionId) ?? 0));
  }).observe({ type: 'event', durationThreshold: 16, buffered: true });
  globalThis.longest = 0;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longest = Math.max(longest, duration);
  }).observe({ type: 'longtask', buffered: true });`;
const lcp = `new Promise((resolve) => new PerformanceObserver((list) => resolve(list.getEntries().at(-1).startTime))
  .observe({ type: 'largest-contentful-paint', buffered: true }))`;
const isSettled = (pathname: string) =>
  `location.pathname === '${pathname}' && document.querySelector('h1') && !document.querySelector('main [role=status][aria-label="Loading"], main [aria-busy=true]')`;

/** Measures what people feel, in one window after another. */
export async function measureConsole(
  browser: Browser,
  url: string,
  signal: AbortSignal,
  print: (line: string) => void,
): Promise<Budget[]> {
  const rows: Budget[] = [];
  const add = (what: string, value: number, max: number | undefined, unit = 'ms') => {
    signal.throwIfAborted();
    rows.push({ what, value, unit, ...(max !== undefined && { max }) });
    print(`${what}: ${value.toFixed(1)} ${unit}`);
  };
  const cold: number[] = [];
  const usable: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    const { page, close, throttle } = await open(browser, url);
    await throttle(4);
    await page.goto('/console/sign-in?to=%2Fconsole%2Fcustomers');
    await page.getByRole('heading', { level: 1 }).waitFor();
    cold.push(await page.evaluate<number>(lcp));
    usable.push(await signIn(page));
    await close();
  }
  add('sign-in page, cold, 4 × CPU: largest paint', median(cold), 1500);
  add('customers usable after sign-in, 4 × CPU', median(usable), 2000);

  const { page, close, throttle, session } = await open(browser, url);
  await page.goto('/console/sign-in?to=%2Fconsole%2Fcustomers');
  await signIn(page);
  await openSections(page); // loads what each screen needs
  await throttle(4);
  add('warm open of a link, 4 × CPU: slowest', Math.max(...(await openSections(page))), 600);
  await throttle(1);

  await openLink(page, '/console/products');
  const shown = page.evaluate<number>(`until(() => ${firstRow})`);
  const [firstRows] = await Promise.all([shown, page.locator('nav a[href="/console/customers"]').first().click()]);
  add('click on Customers to the first row', firstRows, 400);
  add('requests to open the list', (await requestsOf(page, '/console/customers')).length, 2, '');
  const sorted = page.evaluate<number>(changeOfFirstRow);
  const [sortTime] = await Promise.all([sorted, page.getByRole('columnheader', { name: 'Name' }).click()]);
  add('click on a header to the first new row, beyond the server', sortTime, 100);
  await page.locator(`${firstName} a`).click();
  await page.getByRole('heading', { level: 1 }).waitFor();
  const customer = new URL(page.url()).pathname;
  await page.goBack();
  await page.waitForLoadState('networkidle');
  add('requests to open a customer', (await requestsOf(page, customer)).length, 6, '');

  await page.goBack();
  await page.locator(firstName).waitFor();
  await loadRows(page, 10_000);
  add('scroll at 10,000 rows: script and layout per step, median', await scrollStep(page, session), 8);
  await page.evaluate('longest = 0');
  await throttle(4);
  await scrollStep(page, session);
  await throttle(1);
  add('scroll at 10,000 rows, 4 × CPU: longest task', await page.evaluate<number>('longest'), 80);
  await loadRows(page, 20_000);
  add('memory after 20,000 rows', await heapOf(session), 150, 'MB');

  for (const key of ['j', 'j', 'j', 'k', 'x', 'x', 'Home', 'End', 'ArrowDown', 'ArrowUp'])
    await page.keyboard.press(key);
  add('interactions (INP), p75; those under 16 ms count as 16', await interactionsOf(page), 100);

  const sections = await sectionsOf(page);
  const visit = async (times: number) => {
    for (let count = 0; count < times; count += 1)
      await openLink(page, sections[count % sections.length] ?? '/console');
  };
  await visit(50);
  const before = await heapOf(session);
  await visit(500);
  add('memory grown by 500 navigations', (await heapOf(session)) - before, 20, 'MB');
  await close();
  return rows;
}

async function open(browser: Browser, url: string) {
  const context = await browser.newContext({ baseURL: url, locale: 'en', viewport: { width: 1280, height: 800 } });
  await context.addInitScript({ content: helpers });
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  return {
    page,
    session,
    close: () => context.close(),
    throttle: (rate: number) => session.send('Emulation.setCPUThrottlingRate', { rate }),
  };
}

/** @returns milliseconds from the click to the first row of customers */
async function signIn(page: Page): Promise<number> {
  await page.getByLabel('E-mail').fill(credentials.email);
  await page.getByLabel('Password', { exact: true }).fill(credentials.password);
  const shown = page.evaluate<number>(`until(() => ${firstRow})`);
  const [time] = await Promise.all([shown, page.getByRole('button', { name: 'Sign in' }).click()]);
  return time;
}

const links = (page: Page) => page.getByRole('navigation').first().getByRole('link');
const sectionsOf = async (page: Page): Promise<string[]> =>
  Promise.all((await links(page).all()).map(async (link) => (await link.getAttribute('href')) ?? ''));

/** @returns milliseconds from the click to the whole screen */
async function openLink(page: Page, path: string): Promise<number> {
  const shown = page.evaluate<number>(`until(() => ${isSettled(path)})`);
  const [time] = await Promise.all([shown, page.locator(`nav a[href="${path}"]`).first().click()]);
  return time;
}
async function openSections(page: Page): Promise<number[]> {
  const times: number[] = [];
  for (const path of await sectionsOf(page)) times.push(await openLink(page, path));
  return times;
}

/** Milliseconds from the click to another first row, without those of the request. */
const changeOfFirstRow = `(() => { const before = ${firstRow}; performance.clearResourceTimings();
  return until(() => ${firstRow} !== before && !document.querySelector('[role=grid][aria-busy=true]')).then((time) => time -
    Math.max(0, ...performance.getEntriesByType('resource').filter(({ name }) => name.includes('/api/customers')).map(({ duration }) => duration))); })()`;

/** Loads an address and counts what it asks the API for. */
async function requestsOf(page: Page, path: string): Promise<string[]> {
  const asked: string[] = [];
  const note = (request: { url: () => string }) => {
    if (new URL(request.url()).pathname.startsWith('/api/')) asked.push(request.url());
  };
  page.on('request', note);
  await page.goto(path);
  await page.waitForLoadState('networkidle');
  page.off('request', note);
  return asked;
}

const scroller = `document.querySelector('[role=grid]').parentElement`;

/** Scrolls down until that many rows were loaded. */
async function loadRows(page: Page, count: number): Promise<void> {
  await page.evaluate(`new Promise((resolve) => {
    const step = () => {
      const area = ${scroller};
      const last = Math.max(0, ...[...document.querySelectorAll('[role=row]')].map((row) => Number(row.getAttribute('aria-rowindex'))));
      if (last >= ${count}) return resolve();
      area.scrollTop = area.scrollHeight;
      setTimeout(step, 20);
    };
    step();
  })`);
}

/** @returns the median of the milliseconds of script, style and layout in each of 60 steps */
async function scrollStep(page: Page, session: CDPSession): Promise<number> {
  await session.send('Performance.enable');
  const spent = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    const names = new Set(['ScriptDuration', 'LayoutDuration', 'RecalcStyleDuration']);
    return metrics.filter(({ name }) => names.has(name)).reduce((sum, { value }) => sum + value * 1000, 0);
  };
  const steps: number[] = [];
  for (let step = 0; step < 60; step += 1) {
    const before = await spent();
    await page.evaluate(
      `new Promise((resolve) => { ${scroller}.scrollTop += ${step < 30 ? -400 : 400}; requestAnimationFrame(() => requestAnimationFrame(resolve)); })`,
    );
    steps.push((await spent()) - before);
  }
  return median(steps);
}

/** Megabytes that are in use after a garbage collection. */
async function heapOf(session: CDPSession): Promise<number> {
  for (let round = 0; round < 2; round += 1) await session.send('HeapProfiler.collectGarbage');
  return (await session.send('Runtime.getHeapUsage')).usedSize / 1e6;
}

async function interactionsOf(page: Page): Promise<number> {
  const [slow, all] = await page.evaluate<[number[], number]>(
    '[[...interactions.values()], performance.interactionCount ?? 0]',
  );
  const times = [...slow, ...Array.from({ length: Math.max(0, all - slow.length) }, () => 16)].toSorted(
    (a, b) => a - b,
  );
  return times[Math.floor(times.length * 0.75)] ?? 16;
}
