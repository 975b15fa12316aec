import { unavailable } from '@clientela/errors';
import { serviceTest } from '@clientela/testing';
import { expect, inject, onTestFinished } from 'vitest';
import { runJobs } from '../../jobs/worker.ts';
import { createLog } from '@clientela/runtime';
import { getImport } from '../testing/test-imports.ts';
import { createSourceDatabase } from './testing/source-databases.ts';
import { makeSourceTable, seededRandom } from './testing/source-table.ts';
import { createTestSourceImports, importedCustomers } from './testing/test-source-imports.ts';

const test = serviceTest(createTestSourceImports);
const { rows, oracle } = makeSourceTable(78_553, 78_553);

test('imports 78,553 rows with exact counts though interrupted at random; a second run adds nothing', async ({
  service,
  company,
  admin,
}) => {
  const { source, drop } = await createSourceDatabase(inject('postgres'), 'pg', rows);
  onTestFinished(drop);
  Object.assign(service.source, source);
  const { body } = await admin.post('/api/customers/imports', { source: 'vaptekesync' }).expect(202);
  const handler = service.handlers['customers.import']!;
  const random = seededRandom(7);
  let interruptions = 0;
  const runner = runJobs({
    db: service.database.db,
    log: createLog('test', 'silent', { redact: [] }),
    handlers: {
      'customers.import': (job, control) =>
        handler(job, {
          ...control,
          saveProgress: async (tx, progress) => {
            await control.saveProgress(tx, progress);
            // The transaction of this chunk is rolled back, as after a kill.
            if (interruptions < 5 && random() < 0.1) {
              interruptions += 1;
              throw unavailable('interrupted');
            }
          },
        }),
    },
  });
  onTestFinished(() => runner.stop());
  await expect.poll(async () => (await getImport(admin, body.import.id)).status, { timeout: 240_000 }).toBe('done');
  await runner.stop();
  expect(interruptions).toBe(5);
  const { imported, ...read } = oracle.counts;
  expect(await getImport(admin, body.import.id)).toMatchObject({
    created: imported,
    skipped: 0,
    failed: 0,
    source_counts: read,
  });
  const customers = await importedCustomers(service, company.id);
  expect(customers.size).toBe(oracle.customers.size);
  const differing = [...oracle.customers].filter(
    ([digits, expected]) => JSON.stringify(customers.get(digits)) !== JSON.stringify(expected),
  );
  expect(differing.slice(0, 3)).toEqual([]);

  const again = await service.importNow(admin);
  expect(again.body['data']).toMatchObject({
    read: read.read,
    imported: 0,
    skipped: read.skipped + imported,
    duplicates: read.duplicates,
    emails_taken: 0,
  });
});
