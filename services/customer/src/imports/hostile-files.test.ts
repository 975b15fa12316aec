import { serviceTest, type TestUser } from '@clientela/testing';
import { expect } from 'vitest';
import { createTestImports, getErrors, runImport } from './testing/test-imports.ts';

const test = serviceTest(() => createTestImports({ pool: 4, maxBytes: 64 * 1024 ** 2 }));
const listAll = async (by: TestUser) =>
  (await by.get('/api/customers?per_page=100').expect(200)).body.customers as Record<string, string | null>[];

const good = 'good@example.com,Good,+34600000001\n';

test('hostile cells are clean values or rows of the errors file, and every other row is imported', async ({
  service,
  admin,
}) => {
  const cells = [
    '=HYPERLINK("http://x.example";"click")',
    '+cmd|calc!A0',
    '@SUM(1+1)',
    'nul\0inside',
    'bell\u0007 and escape\u001B[31m',
    'zero\u200Bwidth \u202Eright to left',
    'x'.repeat(1024 ** 2),
    '__proto__',
    '<script>alert(1)</script>',
    "'; drop table customers; --",
    '\u{10FFFF}\uFFFE',
  ];
  const rows = cells.map((cell, index) => `c${index}@example.com,"${cell.replaceAll('"', '""')}",\n`);
  const done = await runImport(service, admin, `Email,First name,Phone\n${rows.join('')}${good}`);
  expect(done).toMatchObject({ status: 'done', read: cells.length + 1 });
  expect(done.created + done.failed).toBe(done.read);
  const errors = await getErrors(admin, done.id);
  const customers = await listAll(admin);
  for (const index of cells.keys()) {
    const customer = customers.find(({ email }) => email === `c${index}@example.com`);
    if (!customer)
      expect(
        errors.some((line) => line.startsWith(`${index + 2},`)),
        `row ${index + 2}`,
      ).toBe(true);
    // oxlint-disable-next-line no-control-regex -- what must not be stored
    expect(customer?.['firstname'] ?? '').not.toMatch(/[\0-\u001F\uD800-\uDFFF]/u);
  }
  expect(customers.some(({ email }) => email === 'good@example.com')).toBe(true);
});

test('bytes of several encodings in one file leave no replacement character in a value', async ({ service, admin }) => {
  const mixed = Buffer.concat([
    Buffer.from('Email,First name,Phone\nana@example.com,Zoë,\n'),
    Buffer.from([...Buffer.from('ben@example.com,'), 0xc9, 0xe3, 0xff, ...Buffer.from(',\n')]),
    Buffer.from(good),
  ]);
  const done = await runImport(service, admin, mixed);
  expect(done).toMatchObject({ status: 'done', read: 3 });
  for (const { firstname } of await listAll(admin)) expect(firstname ?? '').not.toContain('\uFFFD');
});

test.for([
  ['an unclosed quote', `Email,First name,Phone\n${good}a@example.com,"open,\n${'b@example.com,B,\n'.repeat(2000)}`],
  [
    'a header of 100,000 columns',
    `Email,${Array.from({ length: 100_000 }, (_, column) => `c${column}`).join()}\na@example.com\n`,
  ],
  ['a row of 200,000 cells', `Email,First name,Phone\n${good}a@example.com${','.repeat(200_000)}x\n`],
  ['one line of 3 MB', `Email,First name,Phone\n${good}${'y'.repeat(3 * 1024 ** 2)}`],
  ['no line break at all', 'email'.repeat(200_000)],
  ['only quotes', '"'.repeat(300_001)],
] as const)('%s ends the job, with a reason', async ([, file], { service, admin }) => {
  const ended = await runImport(service, admin, file);
  if (ended.status === 'failed') expect(ended.error).toMatch(/\w/);
  else expect(ended).toMatchObject({ status: 'done' });
  expect(ended.error_code).not.toBe('INTERNAL_ERROR');
  expect(ended.error ?? '').not.toMatch(/internal error/i);
  expect(ended.created + ended.updated + ended.skipped + ended.failed).toBe(ended.read);
});
