import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { canaries } from './canaries.ts';
import { cellOf, consoleTest, findBarriers, newStaff, openScreen, signIn, type Staff } from './console-test.ts';

const test = consoleTest;

/** Creates customers in their order, a hundred at a time. */
async function createCustomers(staff: Staff, customers: object[]): Promise<void> {
  for (let from = 0; from < customers.length; from += 100) {
    const operations = customers.slice(from, from + 100).map((data) => ({ op: 'create', data }));
    const { status, body } = await staff.post('/api/customers/batch', { operations });
    expect([status, body.results.filter((each: { status: number }) => each.status !== 201)]).toEqual([200, []]);
  }
}

/** Imports customers of these names, which takes less time than creating thousands. */
async function importCustomers(staff: Staff, names: readonly string[]): Promise<void> {
  const form = new FormData();
  form.append('file', new Blob([['full_name', ...names].join('\n')]), 'customers.csv');
  const { status, body } = await staff.post('/api/customers/imports', form);
  expect(status).toBe(202);
  const read = async () => (await staff.get(`/api/customers/imports/${body.import.id}`)).body.import;
  await expect.poll(read, { timeout: 60_000, interval: 250 }).toMatchObject({ status: 'done', created: names.length });
}

test('customers are found, filtered, sorted and read to the end without a mouse; the address says it all', async ({
  fleet,
  browser,
}) => {
  const staff = await newStaff(fleet.url);
  await createCustomers(
    staff,
    Array.from({ length: 230 }, (_, n) => ({ full_name: `Person ${String(n).padStart(3, '0')}` })),
  );
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  await signIn(screen, staff.email, '/console/customers');
  await page.getByText('230 customers').waitFor();
  const grid = page.getByRole('grid', { name: 'Customers' });
  expect(await grid.getAttribute('aria-rowcount')).toBe('231');
  const focused = () => page.evaluate<string>('document.activeElement?.textContent ?? ""');

  await cellOf(page, 0, 1).focus();
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter'); // sorts by name
  await page.waitForURL('**/console/customers?sort=full_name');
  await expect.poll(() => page.getByRole('columnheader', { name: 'Name' }).getAttribute('aria-sort')).toBe('ascending');
  await expect.poll(() => cellOf(page, 0, 1).innerText()).toContain('Person 000');
  await page.keyboard.press('ArrowDown');
  await expect.poll(focused).toContain('Person 000');
  await page.keyboard.press('j');
  await expect.poll(focused).toContain('Person 001');
  // More rows come as the end comes near, and the cell with the focus stays in the page.
  await expect
    .poll(async () => {
      await page.keyboard.press('Control+End');
      return page.evaluate<string>(
        'document.activeElement?.closest("[role=row]")?.getAttribute("aria-rowindex") ?? ""',
      );
    })
    .toBe('231');
  expect(await page.getByRole('row').count()).toBeLessThan(80);
  expect(await findBarriers(page)).toEqual([]);

  await page.getByRole('searchbox', { name: 'Search customers' }).focus();
  await page.keyboard.type('person 217');
  await page.getByText('1 customer', { exact: true }).waitFor();
  await page.reload();
  await page.getByText('1 customer', { exact: true }).waitFor();
  expect(await page.getByRole('searchbox', { name: 'Search customers' }).inputValue()).toBe('person 217');
});

test('a list of thousands keeps and reads again only what is near the view; a selection has all it spans', async ({
  fleet,
  browser,
}) => {
  const staff = await newStaff(fleet.url);
  const names = Array.from({ length: 4500 }, (_, n) => `Person ${String(n).padStart(4, '0')}`);
  await importCustomers(staff, names);
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  const asked: string[] = [];
  page.on('request', (request) => {
    const { pathname, searchParams } = new URL(request.url());
    if (pathname === '/api/customers' && searchParams.get('per_page') === '100') asked.push(request.url());
  });
  await signIn(screen, staff.email, '/console/customers?sort=full_name');
  await page.getByText('4,500 customers').waitFor();
  expect(asked.length).toBe(1); // the rows in view, and no more
  const focusedRow = () =>
    page.evaluate<string>('document.activeElement?.closest("[role=row]")?.getAttribute("aria-rowindex") ?? ""');
  const nameAt = (row: number) => cellOf(page, row, 1).innerText();
  const scrollTo = (row: number) =>
    page.evaluate(`document.querySelector('[role=grid]').parentElement.scrollTop = ${row * 40}`);
  await cellOf(page, 0, 1).focus();
  await expect
    .poll(
      async () => {
        await page.keyboard.press('Control+End');
        return focusedRow();
      },
      { timeout: 60_000 },
    )
    .toBe('4501');
  await expect.poll(() => nameAt(4499)).toContain('Person 4499');

  // Rows take over the elements of those out of view; when scrolling rests they have their order again, around the cell with the focus.
  const readOrder = `[...document.querySelectorAll('[role=row]')].map((row) => Number(row.getAttribute('aria-rowindex')))`;
  for (const row of [4450, 4420, 4445]) {
    await scrollTo(row);
    await expect.poll(() => nameAt(row)).toContain(`Person ${row}`);
  }
  await expect
    .poll(async () => {
      const order = await page.evaluate<number[]>(readOrder);
      return order.length > 30 && order.every((row, at) => at === 0 || row > (order[at - 1] ?? 0));
    })
    .toBe(true);
  expect(await focusedRow()).toBe('4501');

  asked.length = 0;
  await page.keyboard.press('x');
  await page.keyboard.press('t');
  await page.getByRole('textbox', { name: 'Tag' }).fill('late');
  await page.keyboard.press('Enter');
  await page.getByText('1 customer has the tag late now').waitFor();
  await expect.poll(() => page.locator('[role=row][aria-rowindex="4501"]').innerText()).toContain('late');
  expect(asked.length).toBeLessThanOrEqual(6); // the pages near the view, and the first
  // Clears the selection once the focus is back in the row, a moment after the dialog has closed.
  const selection = page.getByText('1 selected', { exact: true });
  await selection.waitFor();
  await expect
    .poll(async () => {
      await page.keyboard.press('Escape');
      return selection.count();
    })
    .toBe(0);

  asked.length = 0;
  await scrollTo(1000);
  await expect.poll(() => nameAt(1005)).toContain('Person 1005');
  expect(asked.length).toBeGreaterThan(0); // it was dropped, and is read again
  await cellOf(page, 1005, 1).focus();
  await page.keyboard.press('x');
  await page.keyboard.press('Control+End');
  await expect.poll(() => nameAt(4499)).toContain('Person 4499');
  await page.keyboard.press('Shift+Space');
  await page.getByText('3,495 selected').waitFor();
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export' }).last().click();
  const saved = await readFile(await (await download).path(), 'utf8');
  expect(saved.match(/Person \d+/gv)).toEqual(names.slice(1005));
});

test('a selection gets a tag and a status, and gives them back', async ({ fleet, browser }) => {
  const staff = await newStaff(fleet.url);
  await createCustomers(staff, [{ full_name: 'Ana' }, { full_name: 'Bea', tags: ['VIP'] }, { full_name: 'Cleo' }]);
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  await signIn(screen, staff.email, '/console/customers?sort=full_name');
  const list = async (query: string) => (await staff.get(`/api/customers?sort=full_name&${query}`)).body.customers;

  await cellOf(page, 0, 1).focus();
  await page.keyboard.press('Space');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Shift+Space');
  await page.getByText('2 selected').waitFor();
  await page.keyboard.press('t');
  await page.getByRole('textbox', { name: 'Tag' }).waitFor();
  await page.keyboard.type('VIP');
  await page.keyboard.press('Enter');
  await page.getByText('1 customer has the tag VIP now').waitFor();
  await expect.poll(async () => (await list('tag=VIP')).length).toBe(2);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(async () => (await list('tag=VIP')).length).toBe(1);

  await page.getByRole('button', { name: 'Set the status' }).click();
  await page.getByRole('menuitem', { name: 'Suspended' }).click();
  await page.getByText('2 customers: Suspended').waitFor();
  // What is said about it covers nothing of the bar, wide or narrow.
  const bar = page.getByRole('region', { name: 'Selected customers' });
  for (const width of [320, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    const isCovered = async () => {
      const said = await page.getByRole('alertdialog').last().boundingBox();
      const { x = 0, y = 0, width: wide = 0, height = 0 } = (await bar.boundingBox()) ?? {};
      if (said === null) return undefined;
      return said.x < x + wide && x < said.x + said.width && said.y < y + height && y < said.y + said.height;
    };
    await expect.poll(isCovered, { message: `${width} px` }).toBe(false);
  }
  await expect.poll(async () => (await list('status=suspended')).length).toBe(2);
  await page.getByRole('button', { name: 'Filter' }).click();
  await page.getByRole('menuitem', { name: 'Status' }).click();
  await page.getByRole('button', { name: 'Select an item Status' }).click();
  await page.getByRole('option', { name: 'Suspended' }).click();
  await page.getByRole('button', { name: 'Apply' }).click();
  await page.getByRole('button', { name: 'Status is suspended', exact: true }).waitFor();
  expect(new URL(page.url()).searchParams.get('status')).toBe('suspended');
  await expect.poll(() => page.getByRole('row').count()).toBe(3);
});

test('the pointer selects rows, with Shift those between, and opens one with a double click', async ({
  fleet,
  browser,
}) => {
  const staff = await newStaff(fleet.url);
  const names = ['Ana', 'Bea', 'Cleo', 'Dora'];
  await createCustomers(
    staff,
    names.map((full_name) => ({ full_name })),
  );
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  await signIn(screen, staff.email, '/console/customers?sort=full_name');
  const box = (name: string) => page.getByRole('checkbox', { name: `Select ${name}` });
  const areChecked = () => Promise.all(names.map((name) => box(name).isChecked()));

  await box('Ana').click();
  await page.getByText('1 selected').waitFor();
  await box('Cleo').click({ modifiers: ['Shift'] });
  await page.getByText('3 selected').waitFor();
  expect(await areChecked()).toEqual([true, true, true, false]);
  await box('Bea').click();
  await page.getByText('2 selected').waitFor();
  expect(await areChecked()).toEqual([true, false, true, false]);
  // The keys go on from where the pointer was.
  await cellOf(page, 3, 2).click();
  await page.keyboard.press('x');
  await page.getByText('3 selected').waitFor();
  expect(await areChecked()).toEqual([true, false, true, true]);

  await cellOf(page, 0, 2).dblclick();
  await page.getByRole('heading', { level: 1, name: 'Ana' }).waitFor();
});

test('the name of a customer is a link: read ahead under the pointer, opened here by a click and elsewhere with a key', async ({
  fleet,
  browser,
}) => {
  const staff = await newStaff(fleet.url);
  await createCustomers(staff, [{ full_name: 'Ana' }, { full_name: 'Bea' }]);
  const screen = await openScreen(browser, fleet.url);
  const { page } = screen;
  await signIn(screen, staff.email, '/console/customers?sort=full_name');
  const link = page.getByRole('link', { name: 'Bea' });
  await link.waitFor();
  await page.evaluate('window.isSame = true');
  const countScripts = () =>
    page.evaluate<number>(`performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('.js')).length`);
  const before = await countScripts();
  await link.hover();
  await expect.poll(countScripts).toBeGreaterThan(before);

  for (const options of [{ modifiers: ['Control' as const] }, { button: 'middle' as const }]) {
    const opened = page.context().waitForEvent('page');
    await link.click(options);
    const other = await opened;
    await other.getByRole('heading', { level: 1, name: 'Bea' }).waitFor();
    await other.close();
  }
  expect(new URL(page.url()).pathname).toBe('/console/customers');
  await link.click();
  await page.getByRole('heading', { level: 1, name: 'Bea' }).waitFor();
  expect(await page.evaluate('window.isSame')).toBe(true); // the page was not loaded again
});

test('what people typed is shown as they typed it, and runs nowhere', async ({ fleet, browser }) => {
  const staff = await newStaff(fleet.url);
  await createCustomers(
    staff,
    canaries.map((text) => ({ full_name: text, tags: [text.slice(0, 50)], address: { city: text } })),
  );
  const stored = (await staff.get('/api/customers?per_page=100')).body.customers as { full_name: string }[];
  const screen = await openScreen(browser, fleet.url, { viewport: { width: 1600, height: 2200 } });
  const { page } = screen;
  await signIn(screen, staff.email, '/console/customers');
  await page.getByText(`${canaries.length} customers`).waitFor();
  const readNames = '[...document.querySelectorAll("[role=gridcell] a")].map((each) => each.textContent)';
  await expect
    .poll(async () => (await page.evaluate<string[]>(readNames)).toSorted())
    .toEqual(stored.map(({ full_name }) => full_name).toSorted());
  await page.getByRole('button', { name: 'Search everywhere' }).click();
  await page.keyboard.type('evil');
  await page.getByRole('menuitem').first().waitFor();
  expect(await page.evaluate('window.canary')).toBeUndefined();
  expect(page.url()).toContain('/console/customers');
});

test('a viewer sees what may be read, and no more', async ({ fleet, browser }) => {
  const staff = await newStaff(fleet.url);
  await createCustomers(staff, [{ full_name: 'Ana' }]);
  const email = `viewer-${staff.email}`;
  const made = await staff.post('/api/v1/users', {
    email,
    password: 'correct horse battery',
    first_name: 'Vic',
    role: 'viewer',
  });
  expect(made.status).toBe(201);
  const screen = await openScreen(browser, fleet.url);
  await signIn(screen, email, '/console/customers');
  const { page } = screen;
  await cellOf(page, 0, 1).focus();
  await page.keyboard.press('Space');
  const bar = page.getByRole('region', { name: 'Selected customers' });
  await bar.waitFor();
  expect(await bar.getByRole('button').allInnerTexts()).toEqual(['Clear selection']);
  expect(await page.getByRole('button', { name: 'Export' }).count()).toBe(0);
});
