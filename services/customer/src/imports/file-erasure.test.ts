import { readFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { testSecret, type TestUser } from '@clientela/testing';
import { createLog } from '@clientela/runtime';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { jobHandlers } from '../job-handlers.ts';
import { drainJobs } from '../jobs/testing/drain-jobs.ts';
import { createTestPrivacy, type TestPrivacy } from '../privacy/testing/test-privacy.ts';
import { createFingerprinter } from '../tombstones/fingerprints.ts';
import { eraseFromNextFile } from './file-erasure.ts';
import { saveAnalyzed } from './store.ts';
import { getErrors, getImport, upload } from './testing/test-imports.ts';

let privacy: TestPrivacy;
beforeAll(async () => {
  privacy = await createTestPrivacy();
  privacy.startWorker();
});
afterAll(async () => {
  await privacy.stopWorker();
  await privacy.close();
});

const runJobs = () => {
  const { db } = privacy.service.database;
  const fingerprints = createFingerprinter(testSecret);
  const log = createLog('test', 'silent', { redact: [] });
  const { importStorage } = privacy;
  return drainJobs(db, jobHandlers({ db, fingerprints, log, importStorage, companies: async () => undefined }));
};

/** The content of every stored file of a company. */
const stored = (company_id: string): string[] => {
  const folder = join(privacy.importStorage.folder, company_id);
  return existsSync(folder)
    ? privacy.storedUploads(company_id).map((name) => readFileSync(join(folder, name), 'utf8'))
    : [];
};

async function findByEmail(by: TestUser, email: string) {
  const { customers } = (await by.get(`/api/customers?search=${encodeURIComponent(email)}`).expect(200)).body;
  return (customers as { id: string; email: string }[]).find((customer) => customer.email === email);
}

const canary = 'zanzibar';
const file = [
  'Email,First name,Last name,Phone,E-mail 2,Notes',
  'ana@example.com,Ana,Pérez,+34600000001,,Calls on Mondays',
  `${canary}@example.com,${canary}first,${canary}last,+34600000002,,A note about ${canary}`,
  `other@example.com,${canary}again,,,${canary}@example.com,An old record of ${canary}`,
  'eva@example.com,Eva,Ruiz,+34600000003,,',
].join('\n');

test('an erasure removes the rows of the person from stored files, of ended imports and of one that waits', async () => {
  const company = privacy.service.company();
  const admin = privacy.service.user('admin', company);
  const ended = (await upload(admin, file).expect(202)).body.import.id;
  await runJobs();
  const waiting = (await upload(admin, file, { fields: { on_match: 'update' } }).expect(202)).body.import.id;
  expect(stored(company.id).join()).toContain(canary);
  const customer = await findByEmail(admin, `${canary}@example.com`);
  await privacy.untilDone(admin, await privacy.erase(admin, { customer_id: customer?.id }));

  const left = stored(company.id).join();
  expect(left).not.toContain(canary);
  expect(left).not.toContain('600000002');
  expect(left).toContain('ana@example.com');
  expect(left).toContain('eva@example.com');
  expect(await getImport(admin, ended)).toMatchObject({ status: 'done', read: 4 });

  await runJobs();
  expect(await findByEmail(admin, `${canary}@example.com`)).toBeUndefined();
  expect(await getImport(admin, waiting)).toMatchObject({
    status: 'done',
    read: 4,
    created: 0,
    failed: 2,
    format: 'csv',
  });
  expect(await getErrors(admin, waiting)).toEqual([
    '3,,The person of this row has been erased',
    '4,,The person of this row has been erased',
  ]);
});

test('a row is found by the customer that came from it, whose values have changed since', async () => {
  const company = privacy.service.company();
  const admin = privacy.service.user('admin', company);
  await upload(admin, file).expect(202);
  await runJobs();
  const customer = await findByEmail(admin, `${canary}@example.com`);
  const change = { email: 'changed@example.com', phone: '+34600000009' };
  await admin.patch(`/api/customers/${customer?.id}`, change).expect(200);
  await privacy.untilDone(admin, await privacy.erase(admin, { customer_id: customer?.id }));
  const left = stored(company.id).join();
  expect(left).not.toContain(`${canary}first`);
  expect(left).toContain('ana@example.com');
});

test('a file that was uploaded while a person was erased is cleaned too; other companies keep theirs', async () => {
  const company = privacy.service.company();
  const admin = privacy.service.user('admin', company);
  await upload(admin, file).expect(202);
  await runJobs();
  const other = privacy.service.company();
  await upload(privacy.service.user('admin', other), file).expect(202);
  const customer = await findByEmail(admin, `${canary}@example.com`);
  await privacy.untilDone(admin, await privacy.erase(admin, { customer_id: customer?.id }));
  // The erasure started less than a minute before this upload.
  await upload(admin, file).expect(202);
  const { owner } = privacy.service.database;
  const wanted = await owner('customer_imports').where({ company_id: company.id }).pluck('erasures_wanted');
  expect(wanted).toEqual([1, 1]);
  expect(stored(other.id).join()).toContain(canary);
});

test('several processes erase from one file without harm to its other rows, in the middle of its analysis by the import too', async () => {
  const company = privacy.service.company();
  const admin = privacy.service.user('admin', company);
  const { db, owner } = privacy.service.database;
  const { importStorage } = privacy;
  await upload(admin, file).expect(202);
  await runJobs();
  const customer = await findByEmail(admin, `${canary}@example.com`);
  await privacy.untilDone(admin, await privacy.erase(admin, { customer_id: customer?.id }));
  await privacy.stopWorker();
  const text = `${file}\n${'row@example.com,Row,Row,,,\n'.repeat(3000)}`;
  const { id } = (await upload(admin, text).expect(202)).body.import;
  const deps = { db, importStorage, fingerprints: createFingerprinter(testSecret) };
  const { signal } = new AbortController();
  const eraseAll = async () => {
    while (await eraseFromNextFile(deps, signal, company.id));
  };
  await Promise.all([eraseAll(), eraseAll(), eraseAll()]);
  privacy.startWorker();
  expect(stored(company.id).join()).not.toContain(canary);
  const { analysis } = await owner('customer_imports').where({ id }).first();
  const warned = { ...analysis, warnings: ['a warning'] };
  await db.transaction((tx) => saveAnalyzed(tx, company.id, id, warned));
  await runJobs();
  expect(await getImport(admin, id)).toMatchObject({ status: 'done', read: 3004, failed: 2, created: 1, warnings: 0 });
});
