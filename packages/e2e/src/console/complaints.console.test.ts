import type { Browser, Page } from 'playwright-core';
import { expect } from 'vitest';
import {
  consoleTest,
  findBarriersInBothThemes,
  newStaff,
  openScreen,
  password,
  signIn,
  type Screen,
  type Staff,
} from './console-test.ts';

const test = consoleTest;

type NewComplaint = { of: string; notes: string; status?: string; priority?: string; occurred_at?: string };

/** Records complaints, each of a customer of its own. @returns for each how it is stored, and how somebody else changes it */
async function newComplaints(staff: Staff, complaints: readonly NewComplaint[]) {
  const made = [];
  for (const { of, ...body } of complaints) {
    const { customer } = (await staff.post('/api/customers', { full_name: of })).body;
    const at = `/api/customers/${customer.id}/interactions`;
    const { interaction } = (await staff.post(at, { type: 'complaint', ...body })).body;
    const path = `${at}/${interaction.id}`;
    made.push({
      id: interaction.id as string,
      path,
      customer: customer.id as string,
      stored: async () => (await staff.get(path)).body.interaction,
      change: (change: object) => staff.put(path, change),
    });
  }
  return made;
}

/** Opens the board as somebody with that role. */
async function openBoard(browser: Browser, url: string, staff: Staff, role: string, query = ''): Promise<Screen> {
  const email = `${role}-${staff.email}`;
  await staff.post('/api/v1/users', { email, password, first_name: 'Max', role });
  const screen = await openScreen(browser, url);
  await signIn(screen, email, `/console/complaints${query}`);
  await screen.page.getByRole('heading', { level: 1, name: 'Complaints' }).waitFor();
  return screen;
}

const column = (page: Page, name: string) => page.getByRole('region', { name: new RegExp(`^${name}`) });
const card = (page: Page, name: string) => page.getByRole('row', { name: new RegExp(`^${name}`) });
const cards = (page: Page, name: string) => column(page, name).getByRole('row').getByRole('link').allTextContents();
const undo = (page: Page, text: string) =>
  page.getByRole('alertdialog').filter({ hasText: text }).getByRole('button', { name: 'Undo' });
/** A column into which a card would be dropped now. */
const target = (page: Page, name: string) => column(page, name).locator('[data-drop-target]');
/** What stands at cards that are not where they were moved. */
const problems = (page: Page) => page.getByRole('grid').getByRole('alert');
/** Presses a button on a card, as somebody does who comes to it by keys. */
async function press(page: Page, name: string, button: string): Promise<void> {
  await card(page, name).focus();
  await card(page, name)
    .getByRole('button', { name: new RegExp(`^${button}`) })
    .press('Enter');
}
/** Moves a card by the menu on it. */
async function moveTo(page: Page, name: string, state: string): Promise<void> {
  await press(page, name, 'Move the complaint of');
  await page.getByRole('menuitem', { name: `Move to “${state}”` }).press('Enter');
}
/** The card that has the focus, or that what has it is on. */
const focusedCard = (page: Page) =>
  page.evaluate<string | undefined>('document.activeElement.closest("[data-card]")?.dataset.card');

test('a manager moves complaints by keyboard, mouse and menu, and takes it back; the focus goes with the card', async ({
  fleet,
  browser,
}) => {
  const staff = await newStaff(fleet.url);
  const [bruno, cora] = await newComplaints(staff, [
    { of: 'Bruno Sosa', notes: 'The frame broke', priority: 'critical' },
    { of: 'Cora', notes: 'Too late', priority: 'low' },
  ]);
  const { page } = await openBoard(browser, fleet.url, staff, 'manager');
  await card(page, 'Bruno Sosa').getByText('Critical').waitFor();
  expect(await cards(page, 'Open')).toEqual(['Cora', 'Bruno Sosa']); // newest first
  expect(await findBarriersInBothThemes(page)).toEqual([]);

  // By keyboard alone: from one place of the list to the handle, past the next column to the third one.
  await card(page, 'Cora').focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await target(page, 'In progress').waitFor();
  await page.keyboard.press('Tab');
  await target(page, 'Resolved').waitFor();
  await page.keyboard.press('Enter');
  await expect.poll(bruno!.stored).toMatchObject({ status: 'resolved', priority: 'critical', version: 2 });
  await expect.poll(() => cards(page, 'Resolved')).toEqual(['Bruno Sosa']);
  await expect.poll(() => focusedCard(page)).toBe(bruno!.id);
  expect(await cards(page, 'Open')).toEqual(['Cora']);
  await undo(page, 'Bruno Sosa: Resolved').press('Enter');
  await expect.poll(bruno!.stored).toMatchObject({ status: 'open' });
  await expect.poll(() => cards(page, 'Open')).toEqual(['Cora', 'Bruno Sosa']);

  // Escape puts it back.
  await press(page, 'Bruno Sosa', 'Drag');
  await target(page, 'In progress').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('[data-drop-target]').waitFor({ state: 'detached' });
  expect((await bruno!.stored()).version).toBe(3);

  await card(page, 'Cora').dragTo(column(page, 'In progress').getByRole('grid'));
  await expect.poll(cora!.stored).toMatchObject({ status: 'in_progress' });
  await undo(page, 'Cora: In progress').press('Enter');
  await expect.poll(cora!.stored).toMatchObject({ status: 'open' });
  await expect.poll(() => cards(page, 'Open')).toEqual(['Cora', 'Bruno Sosa']);

  await moveTo(page, 'Cora', 'Closed');
  await expect.poll(cora!.stored).toMatchObject({ status: 'closed' });
  await expect.poll(() => focusedCard(page)).toBe(cora!.id);
  await page.reload();
  await expect.poll(() => cards(page, 'Closed')).toEqual(['Cora']);
  await card(page, 'Cora').focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Cora' }).waitFor();
  await page.getByRole('tab', { name: 'Interactions', selected: true }).waitFor();
});

test('two people move one complaint: other changes are joined, the same is done, a different one is shown at the card', async ({
  fleet,
  browser,
}) => {
  const staff = await newStaff(fleet.url);
  const [bruno] = await newComplaints(staff, [{ of: 'Bruno Sosa', notes: 'The frame broke' }]);
  const { page } = await openBoard(browser, fleet.url, staff, 'manager');
  await card(page, 'Bruno Sosa').waitFor();

  // Somebody else corrects the text: both changes stay, and no question is asked.
  await bruno!.change({ notes: 'The left temple broke' });
  await moveTo(page, 'Bruno Sosa', 'In progress');
  await expect.poll(bruno!.stored).toMatchObject({ status: 'in_progress', notes: 'The left temple broke' });
  await column(page, 'In progress').getByText('The left temple broke').waitFor();

  // Both move it to the same column.
  await bruno!.change({ status: 'resolved' });
  await moveTo(page, 'Bruno Sosa', 'Resolved');
  await expect.poll(() => cards(page, 'Resolved')).toEqual(['Bruno Sosa']);
  await undo(page, 'Bruno Sosa: Resolved').waitFor();
  expect(await problems(page).count()).toBe(0);
  expect((await bruno!.stored()).version).toBe(4);

  // Both move it, to different columns: it stands where the other has put it, and says so.
  await bruno!.change({ status: 'closed' });
  await moveTo(page, 'Bruno Sosa', 'Open');
  await column(page, 'Closed').getByText('Somebody else changed this meanwhile to: Closed').waitFor();
  expect(await bruno!.stored()).toMatchObject({ status: 'closed' });
  expect(await findBarriersInBothThemes(page)).toEqual([]);
  await press(page, 'Bruno Sosa', 'Move to “Open”');
  await expect.poll(bruno!.stored).toMatchObject({ status: 'open' });
  await expect.poll(() => cards(page, 'Open')).toEqual(['Bruno Sosa']);
  expect(await problems(page).count()).toBe(0);

  // Taking a move back that somebody else has moved on.
  await moveTo(page, 'Bruno Sosa', 'Closed');
  await expect.poll(bruno!.stored).toMatchObject({ status: 'closed' });
  await bruno!.change({ status: 'in_progress' });
  await undo(page, 'Bruno Sosa: Closed').press('Enter');
  await column(page, 'In progress').getByText('Somebody else changed this meanwhile to: In progress').waitFor();
  await press(page, 'Bruno Sosa', 'Leave it there');
  await expect.poll(() => problems(page).count()).toBe(0);
  await expect.poll(() => focusedCard(page)).toBe(bruno!.id);
  expect(await bruno!.stored()).toMatchObject({ status: 'in_progress' });
});

const problem = (status: number, error_code: string, more = {}) => ({
  status,
  contentType: 'application/problem+json',
  headers: { 'Retry-After': '0' }, // the client repeats the request without a pause
  body: JSON.stringify({ status, title: 'Refused', error_code, detail: 'Refused', ...more }),
});

test('a move that is refused is taken back with the reason at the card; one that is gone leaves the board', async ({
  fleet,
  browser,
}) => {
  const staff = await newStaff(fleet.url);
  const [bruno, cora] = await newComplaints(staff, [
    { of: 'Bruno Sosa', notes: 'The frame broke' },
    { of: 'Cora', notes: 'Too late' },
  ]);
  const screen = await openBoard(browser, fleet.url, staff, 'manager');
  const { page } = screen;
  const refused = Promise.withResolvers<void>();
  const isPut = (url: URL) => url.pathname === bruno!.path;
  await page.route(isPut, async (route) => {
    await refused.promise;
    await route.fulfill(problem(403, 'FORBIDDEN', { missing: 'interactions:update' }));
  });
  await moveTo(page, 'Bruno Sosa', 'In progress');
  await expect.poll(() => cards(page, 'In progress')).toEqual(['Bruno Sosa']); // at once
  await expect.poll(() => focusedCard(page)).toBe(bruno!.id);
  refused.resolve();
  await column(page, 'Open').getByText('You need the permission interactions:update.').waitFor();
  expect(await cards(page, 'In progress')).toEqual([]);
  await expect.poll(() => focusedCard(page)).toBe(bruno!.id);
  expect(await findBarriersInBothThemes(page)).toEqual([]);
  await page.unroute(isPut);
  await press(page, 'Bruno Sosa', 'Move to “In progress”');
  await expect.poll(bruno!.stored).toMatchObject({ status: 'in_progress' });
  await expect.poll(() => problems(page).count()).toBe(0);

  await staff.delete(cora!.path);
  await moveTo(page, 'Cora', 'Closed');
  await page.getByText('It is gone, or not yours.').waitFor();
  await card(page, 'Cora').waitFor({ state: 'detached' });
  const others = screen.complaints.filter((text) => !/status of 40[34]/.test(text));
  screen.complaints.splice(0, screen.complaints.length, ...others);
});

test('a viewer sees no handle; the filters are in the address, and a column is read page by page', async ({
  fleet,
  browser,
}) => {
  const staff = await newStaff(fleet.url);
  const many = Array.from({ length: 25 }, (_, index) => ({
    of: `Customer ${String(index).padStart(2, '0')}`,
    notes: 'Too late',
    status: 'resolved',
    occurred_at: `2026-03-${String(index + 1).padStart(2, '0')}T12:00:00.000Z`,
    priority: index === 0 ? 'high' : 'low',
  }));
  await newComplaints(staff, many);
  const requests: string[] = [];
  const { page } = await openBoard(browser, fleet.url, staff, 'viewer');
  await card(page, 'Customer 24').waitFor();
  expect(await page.getByRole('button', { name: /^(?:Drag|Move)/ }).count()).toBe(0);
  expect(await cards(page, 'Resolved')).toHaveLength(20);
  await column(page, 'Resolved').getByText('20+').waitFor();
  page.on('request', (request) => requests.push(new URL(request.url()).pathname));
  await column(page, 'Resolved').getByRole('button', { name: 'Show more' }).press('Enter');
  await card(page, 'Customer 00').waitFor();
  expect(await cards(page, 'Resolved')).toHaveLength(25);
  expect(requests).toEqual(['/api/interactions', '/api/customers']); // a page, and the names on it

  await page.getByRole('button', { name: /Priority/ }).press('Enter');
  await page.getByRole('option', { name: 'High' }).press('Enter');
  await expect.poll(() => cards(page, 'Resolved')).toEqual(['Customer 00']);
  await page.reload();
  await expect.poll(() => cards(page, 'Resolved')).toEqual(['Customer 00']);
  await page.getByLabel('From day').fill('2026-03-02');
  await page.getByText('No complaint matches these filters.').waitFor();
  expect(new URL(page.url()).search).toBe('?priority=high&from=2026-03-02');
  await page.getByRole('button', { name: 'Remove the filters' }).press('Enter');
  await card(page, 'Customer 24').waitFor();
  await page.goto('/console/complaints?from=2026-03-10&to=2026-03-11&priority=nonsense');
  await expect.poll(() => cards(page, 'Resolved')).toEqual(['Customer 10', 'Customer 09']);
});

test('the board says that the interaction service is away, keeps what was read, and works on when it is back', async ({
  fleet,
  browser,
}) => {
  const staff = await newStaff(fleet.url);
  const [bruno] = await newComplaints(staff, [{ of: 'Bruno Sosa', notes: 'The frame broke' }]);
  const { page } = await openBoard(browser, fleet.url, staff, 'manager');
  await card(page, 'Bruno Sosa').waitFor();
  const isAway = 'A service is away. Try again in a moment.';
  const isInteraction = (url: URL) => url.pathname.includes('/interactions');
  const takeAway = () => page.route(isInteraction, (route) => route.fulfill(problem(503, 'SERVICE_UNAVAILABLE')));
  await takeAway();
  await moveTo(page, 'Bruno Sosa', 'Resolved');
  await column(page, 'Open').getByText(isAway).waitFor();
  expect(await cards(page, 'Open')).toEqual(['Bruno Sosa']);
  await page.reload();
  await page.getByText(isAway).waitFor(); // said once
  expect(await findBarriersInBothThemes(page)).toEqual([]);
  await page.unroute(isInteraction);
  await page.getByRole('button', { name: 'Try again' }).press('Enter');
  await card(page, 'Bruno Sosa').waitFor();

  // Only one column cannot be read.
  const isClosed = (url: URL) => url.searchParams.get('status') === 'closed';
  await page.route(isClosed, (route) => route.fulfill(problem(503, 'SERVICE_UNAVAILABLE')));
  await page.reload();
  await column(page, 'Closed').getByText(isAway).waitFor();
  await card(page, 'Bruno Sosa').waitFor();
  await moveTo(page, 'Bruno Sosa', 'Closed');
  await expect.poll(bruno!.stored).toMatchObject({ status: 'closed' });
  await page.unroute(isClosed);
  await column(page, 'Closed').getByRole('button', { name: 'Try again' }).press('Enter');
  await expect.poll(() => cards(page, 'Closed')).toEqual(['Bruno Sosa']);
});
