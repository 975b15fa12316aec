import { unavailable } from '@clientela/errors';
import { serviceTest } from '@clientela/testing';
import { expect, inject, onTestFinished } from 'vitest';
import { drainJobs } from '../../jobs/testing/drain-jobs.ts';
import { createTestImports, getErrors, getImport } from '../testing/test-imports.ts';
import { createSourceDatabase, tableHandler } from './testing/source-databases.ts';
import { makeSourceTable } from './testing/source-table.ts';
import { createTestSourceImports, importedCustomers, legacyPath } from './testing/test-source-imports.ts';

const test = serviceTest(createTestSourceImports);
const { rows, oracle } = makeSourceTable(31, 300);
const problem = (error_code: string) => ({ success: false, message: expect.any(String), error_code });

test('imports from PostgreSQL with exact counts; a second run adds nothing', async ({ service, company, admin }) => {
  const { source, drop } = await createSourceDatabase(inject('postgres'), 'pg', rows);
  onTestFinished(drop);
  const stub = { ...service.source };
  Object.assign(service.source, source);
  onTestFinished(() => void Object.assign(service.source, stub));
  const first = await service.importNow(admin);
  expect(first).toEqual({
    status: 200,
    body: { success: true, message: 'Customers imported', data: { ...oracle.counts, seconds: expect.any(Number) } },
  });
  expect(await importedCustomers(service, company.id)).toEqual(oracle.customers);

  const numbers: { number: number; external_id: string }[] = await service.database
    .owner('customers')
    .select('number', 'external_id')
    .where({ company_id: company.id });
  for (const { number, external_id } of numbers)
    expect(number < 10_000_000 ? String(number) : BigInt(external_id) >= 10_000_000n).toBe(
      number < 10_000_000 ? external_id : true,
    );
  const { body: list } = await admin.get('/rest/v1/customers?limit=1').expect(200);
  expect(list.items[0].phone).toEqual({ id: list.items[0].id, code: '7', number: expect.stringMatching(/^\d{10}$/) });
  expect(list.count).toBe(oracle.counts.imported);

  const { read, imported, skipped, duplicates, invalid_emails } = oracle.counts;
  const second = await service.importNow(admin, 'post');
  expect(second.body['data']).toEqual({
    read,
    imported: 0,
    skipped: skipped + imported,
    duplicates,
    invalid_emails,
    emails_taken: 0,
    seconds: expect.any(Number),
  });
  expect(await importedCustomers(service, company.id)).toEqual(oracle.customers);
  expect(await service.events('customers.imported').then((events) => events.at(-1)?.data)).toMatchObject({
    created: [],
  });
});

test('leaves existing customers as they are, and their numbers and e-mails to them', async ({
  service,
  company,
  admin,
}) => {
  const create = async (fields: object) => (await admin.post('/api/customers', fields).expect(201)).body.customer;
  const existing = [
    await create({ firstname: 'Ольга', phone: '+79025163111' }),
    await create({ firstname: 'Пётр', external_id: '8', number: 9 }),
    await create({ firstname: 'Анна', email: 'Anna@example.com' }),
  ];
  const row = { created_at: 1_500_000_000, email_main: null };
  service.serve(
    tableHandler([
      { ...row, ID: '7', phone_main: '89025163111', FirstFIO: 'ОЛЯ' },
      { ...row, ID: '8', phone_main: '89025163112', FirstFIO: 'петя' },
      { ...row, ID: '9', phone_main: '89025163113', FirstFIO: 'анна', email_main: 'anna@EXAMPLE.com' },
    ]),
  );
  const { body } = await service.importNow(admin);
  expect(body['data']).toMatchObject({ read: 3, imported: 1, skipped: 2, duplicates: 0, emails_taken: 1 });
  for (const customer of existing)
    expect((await admin.get(`/api/customers/${customer.id}`).expect(200)).body.customer).toEqual(customer);
  const [imported] = await service.database.db('customers').where({ company_id: company.id, external_id: '9' });
  expect(imported).toMatchObject({ phone: '+79025163113', firstname: 'Анна', email: null });
  expect(imported.number).toBeGreaterThanOrEqual(10_000_000);
});

test('a killed import continues with what was read, and ends with the same counts', async ({
  service,
  company,
  admin,
}) => {
  const table = makeSourceTable(32, 1300);
  let statements = 0;
  const serve = tableHandler(table.rows);
  service.serve((statement) => {
    statements += 1;
    return serve(statement);
  });
  const { body } = await admin.post('/api/customers/imports', { source: 'vaptekesync' }).expect(202);
  expect(body.import).toMatchObject({ source: 'vaptekesync', match_on: 'phone', on_match: 'skip', status: 'queued' });
  const handler = service.handlers['customers.import']!;
  let attempts = 0;
  await drainJobs(service.database.db, {
    'customers.import': (job, control) => {
      attempts += 1;
      return handler(job, {
        ...control,
        saveProgress: async (tx, progress) => {
          await control.saveProgress(tx, progress);
          if (attempts === 1 && progress.done > 500) throw unavailable('killed');
        },
      });
    },
  });
  expect(attempts).toBe(2);
  expect(statements).toBe(2); // two pages, read once
  const ended = await getImport(admin, body.import.id);
  const { imported, ...read } = table.oracle.counts;
  expect(ended).toMatchObject({
    status: 'done',
    read: imported,
    created: imported,
    skipped: 0,
    failed: 0,
    source_counts: read,
  });
  expect(await importedCustomers(service, company.id)).toEqual(table.oracle.customers);
  expect((await getErrors(admin, body.import.id)).length).toBe(read.invalid_emails);
});

test('a dry run reports the same and stores nothing', async ({ service, company, admin }) => {
  service.serve(tableHandler(rows));
  const { body } = await admin.post('/api/customers/imports', { source: 'VAPTEKESYNC', dry_run: true }).expect(202);
  await service.runJobs();
  const { imported, ...read } = oracle.counts;
  expect(await getImport(admin, body.import.id)).toMatchObject({
    status: 'done',
    created: imported,
    source_counts: read,
  });
  expect(await importedCustomers(service, company.id)).toEqual(new Map());
});

test('a source that stays down is a 503 after the retries, with nothing imported and no file', async ({
  service,
  company,
  admin,
}) => {
  let connections = 0;
  const serve = tableHandler(makeSourceTable(33, 1500).rows);
  service.serve((statement) => {
    if (statement.params.length === 1) {
      connections += 1;
      return serve(statement);
    }
    return 'cut';
  });
  Object.assign(service.source, { retries: 2, pause: 1 });
  onTestFinished(() => void Object.assign(service.source, { retries: 0 }));
  const { status, body } = await service.importNow(admin);
  expect({ status, body }).toMatchObject({ status: 503, body: problem('IMPORT_SOURCE_UNAVAILABLE') });
  expect(connections).toBe(3);
  expect(await importedCustomers(service, company.id)).toEqual(new Map());
  expect(service.files(company.id)).toEqual([]);
});

test('a second import meanwhile is a 409; another company is not concerned', async ({ service, admin, company }) => {
  service.serve(tableHandler([]));
  const first = admin.get(legacyPath).then(({ status }) => status);
  await service.jobQueued();
  const second = await admin.post(legacyPath);
  expect(second.status).toBe(409);
  expect(second.body).toMatchObject(problem('IMPORT_IN_PROGRESS'));
  const { body } = await admin.post('/api/customers/imports', { source: 'vaptekesync' }).expect(409);
  expect(body.error_code).toBe('IMPORT_IN_PROGRESS');
  const other = service.user('admin', service.company());
  await other.post('/api/customers/imports', { source: 'vaptekesync' }).expect(202);
  expect(await service.database.db('customer_imports').where({ company_id: company.id })).toHaveLength(1);
  await service.runJobs();
  expect(await first).toBe(200);
  expect((await service.importNow(admin)).status).toBe(200);
});

test('a client that disconnects leaves the import running; a cancelled one is a 409', async ({ service, admin }) => {
  service.serve(tableHandler(rows));
  const abandoned = admin.get(legacyPath);
  abandoned.end(() => {});
  await service.jobQueued();
  abandoned.abort();
  await service.runJobs();
  const [{ id }] = (await admin.get('/api/customers/imports').expect(200)).body.imports;
  expect(await getImport(admin, id)).toMatchObject({ status: 'done', created: oracle.counts.imported });

  const response = admin.get(legacyPath).then(({ status, body }) => ({ status, body }));
  await service.jobQueued();
  const [queued] = (await admin.get('/api/customers/imports').expect(200)).body.imports;
  await admin.post(`/api/customers/imports/${queued.id}/cancel`).expect(200);
  expect(await response).toMatchObject({ status: 409, body: problem('IMPORT_CANCELLED') });
});

test('options of files are a 422, and without a configured source both routes are a 503 at once', async ({ admin }) => {
  const { body } = await admin
    .post('/api/customers/imports?match_on=email', { source: 'vaptekesync', mapping: {} })
    .expect(422);
  expect(body.errors.map(({ path }: { path: string }) => path).toSorted()).toEqual(['mapping', 'match_on']);

  const unconfigured = await createTestImports();
  onTestFinished(() => unconfigured.close());
  const user = unconfigured.user('admin', unconfigured.company());
  expect((await user.get(legacyPath).expect(503)).body).toMatchObject(problem('IMPORT_SOURCE_NOT_CONFIGURED'));
  expect((await user.post('/api/customers/imports', { source: 'vaptekesync' }).expect(503)).body.error_code).toBe(
    'IMPORT_SOURCE_NOT_CONFIGURED',
  );
});
