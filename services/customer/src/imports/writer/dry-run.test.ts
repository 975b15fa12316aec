import { expect } from 'vitest';
import { deleteDrafts } from './store.ts';
import { importTest, recordsOf, testImport } from './testing/import-tests.ts';

const test = importTest();

const ofCompany = [
  'customers',
  'customer_history',
  'customer_tags',
  'customer_notes',
  'customer_counters',
  'customer_counts',
];

test.for([
  ['skip', 'email'],
  ['update', 'email'],
  ['update', 'external_id'],
  ['skip', 'phone'],
] as const)(
  'a dry run with %s by %s reports in each chunk what the import then does, and stores nothing',
  async ([on_match, match_on], { service }) => {
    const chunks = [
      recordsOf(
        { external_id: '1', email: 'Ana@example.com', firstname: 'Ana', number: 7, tags: ['a'], notes: ['One'] },
        { external_id: '2', email: 'old@example.com', lastname: 'Changed' },
        { external_id: '3', phone: '600112233', firstname: 'Phone' },
        { full_name: 'No Key', birthday: '1990-01-01' },
        { external_id: '4', email: 'not valid' },
      ),
      recordsOf(
        { external_id: '1', email: 'ana@example.com', firstname: 'Ana', tags: ['A'], notes: ['One'] },
        { external_id: '1', email: 'ana@example.com', lastname: 'Ruiz', tags: ['b'], notes: ['Two'] },
        { external_id: '5', email: 'moved@example.com', number: 7 },
        { external_id: '2', email: 'old@example.com', lastname: 'Changed' },
        { external_id: '2', email: 'moved@example.com' },
        { external_id: '6', phone: '+34600112233', email: 'third@example.com' },
        { full_name: 'No Key', birthday: '1990-01-01' },
        { full_name: 'No Key', birthday: '1990-01-02' },
      ),
      recordsOf(
        { external_id: '2', email: 'new@example.com' },
        { external_id: '7', email: 'old@example.com', firstname: 'Takes what 2 gave up' },
        { external_id: '1', email: 'ana@example.com', lastname: 'Ruiz', tags: ['B'], notes: ['Two'] },
        { full_name: 'No Key', birthday: '1990-01-02', city_id: 3 },
      ),
    ];
    const run = async (dry_run: boolean) => {
      const company = service.company();
      const admin = service.user('admin', company);
      await admin
        .post('/api/customers', { external_id: '2', email: 'old@example.com', number: 3, tags: ['x'] })
        .expect(201);
      const { context, writeRecords } = testImport(service, company, admin, { dry_run, on_match, match_on });
      const stored = () =>
        Promise.all(ofCompany.map((table) => service.database.owner(table).where({ company_id: company.id })));
      const before = await stored();
      const reports = [];
      for (const records of chunks) {
        const { ids, problems, ...counts } = await writeRecords(records);
        if (dry_run) expect(ids).toEqual({ created: [], updated: [] });
        reports.push({
          ...counts,
          problems: problems.map(({ row, column, reason }) => [row, column, reason.replace(/, .*/, '')]),
        });
      }
      if (dry_run) expect(await stored()).toEqual(before);
      else expect(await stored()).not.toEqual(before);
      const events = (await service.events('customers.imported')).filter((event) => event.company_id === company.id);
      expect(events).toHaveLength(dry_run ? 0 : chunks.length);
      const drafts = () => service.database.owner('customer_import_drafts').where({ company_id: company.id });
      if (dry_run) expect((await drafts()).length).toBeGreaterThan(3);
      while ((await deleteDrafts(service.database.db, company.id, context.import_id, 2)) > 0);
      expect(await drafts()).toEqual([]);
      return reports;
    };
    const reports = await run(true);
    expect(reports).toEqual(await run(false));
    expect(reports.reduce((sum, { created }) => sum + created, 0)).toBeGreaterThan(3);
  },
);

test('the drafts of one import are not seen by another', async ({ service, company, admin }) => {
  const one = testImport(service, company, admin, { dry_run: true });
  const two = testImport(service, company, admin, { dry_run: true });
  expect(await one.write({ email: 'a@example.com' })).toMatchObject({ created: 1 });
  expect(await two.write({ email: 'a@example.com' })).toMatchObject({ created: 1 });
  expect(await one.write({ email: 'a@example.com' })).toMatchObject({ created: 0, skipped: 1 });
});
