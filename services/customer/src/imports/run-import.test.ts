import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { serviceTest } from '@clientela/testing';
import { describe, expect, onTestFinished } from 'vitest';
import { runJobs } from '../jobs/worker.ts';
import { createTestImports, getErrors, getImport, runImport, upload } from './testing/test-imports.ts';
import { closeNextImport } from './worker.ts';

const test = serviceTest(() => createTestImports({ pool: 6 }));
const silent = { info: () => {}, warn: () => {} } as unknown as Parameters<typeof runJobs>[0]['log'];

/** A file of people whose phones and e-mails differ. */
const people = (count: number, change: (line: string, row: number) => string = (line) => line) =>
  [
    'Email,First name,Last name,Phone,Id,Tags,Notes',
    ...Array.from({ length: count }, (_, index) =>
      change(
        `p${index}@example.com,Ana${index},Pérez,+346${String(10_000_000 + index)},E-${index},"a,b${index % 7}",Note ${index}`,
        index + 2,
      ),
    ),
  ].join('\n');

describe('an import', () => {
  test('reports its counts, its mapping, what it left behind and each problem by row and column', async ({
    service,
    admin,
  }) => {
    const file = [
      'Email,First name,Birthday,Score,=Danger',
      'ana@example.com,Ana,1990-02-01,7,x',
      'not an address,Ben,1990-02-30,8,y',
      'ANA@example.com,Ana again,,9,z',
      ',,,,',
      'cid@example.com,Cid,,,',
    ].join('\r\n');
    const done = await runImport(service, admin, file, { fields: { mapping: '{"=Danger":"phone","Score":null}' } });
    expect(done).toMatchObject({
      status: 'done',
      format: 'csv',
      encoding: 'utf-8',
      separator: ',',
      read: 4,
      created: 3,
      updated: 0,
      skipped: 1,
      failed: 0,
      percent: 100,
      eta: null,
      error: null,
      started_at: expect.any(String),
      ended_at: expect.any(String),
    });
    expect(done.mapping).toMatchObject({ Email: 'email', 'First name': 'firstname', '=Danger': 'phone' });
    expect(done.left_behind).toEqual(['Score']);
    const errors = await getErrors(admin, done.id);
    expect(errors).toContainEqual(expect.stringMatching(/^3,Email,/));
    expect(errors).toContainEqual(expect.stringMatching(/^3,Birthday,/));
    expect(errors).toContainEqual(expect.stringMatching(/^2,'=Danger,/)); // no spreadsheet runs it
    expect(errors).toHaveLength(done.warnings);
    expect(errors.join()).not.toMatch(/not an address|1990-02-30/);
    const events = await service.events('customers.imported');
    expect(events.filter(({ data }) => data['import_id'] === done.id)).toHaveLength(1);
  });

  test.for([
    ['a ZIP archive called .csv', Buffer.from('PK\u0003\u0004....'), /ZIP archive/],
    ['an image called .csv', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3]), /image/],
    ['an empty file', Buffer.from(''), /empty/],
    ['a file without a known column', Buffer.from('colour,shape\nred,round\n'), /./],
  ] as [string, Buffer, RegExp, Record<string, string>?][])(
    'of %s fails as a whole, with a reason and a code',
    async ([, file, reason, fields = {}], { service, admin }) => {
      const failed = await runImport(service, admin, file, { fields });
      expect(failed).toMatchObject({ status: 'failed', error_code: 'IMPORT_FILE_UNREADABLE', read: 0 });
      expect(failed.error).toMatch(reason);
      expect((await admin.get('/api/customers').expect(200)).body.total).toBe(0);
    },
  );

  test('cancelled between two chunks keeps what it has done, and goes no further', async ({ service, admin }) => {
    const { body } = await upload(admin, people(1100)).expect(202);
    const { id } = body.import;
    const handle = service.handlers['customers.import'];
    const handlers: typeof service.handlers = {
      'customers.import': async (job, control) =>
        handle?.(job, {
          ...control,
          saveProgress: async (tx, progress) => {
            const hasChunk = (await getImport(admin, id)).read > 0;
            if (hasChunk) await admin.post(`/api/customers/imports/${id}/cancel`).expect(200);
            await control.saveProgress(tx, progress);
          },
        }),
    };
    const runner = runJobs({ db: service.database.db, handlers, log: silent });
    onTestFinished(() => runner.stop()); // else it would take the jobs of later tests
    await expect.poll(async () => (await getImport(admin, id)).status).toBe('cancelled');
    await runner.stop();
    const ended = await getImport(admin, id);
    expect(ended.read).toBeGreaterThan(0);
    expect(ended.read).toBeLessThan(1100);
    expect((await admin.get('/api/customers').expect(200)).body.total).toBe(ended.created);
  });

  test('interrupted in every chunk ends in the state of an undisturbed one', async ({ service }) => {
    const file = people(1100, (line, row) => {
      if (row % 11 === 0) return line.replace('@', ' at ');
      return row % 13 === 0 ? `p1@example.com,X,Y,,${row},,` : line;
    });
    const states = [];
    for (const isDisturbed of [false, true]) {
      const company = service.company();
      const admin = service.user('admin', company);
      const { id } = (await upload(admin, file).expect(202)).body.import;
      const job = { company_id: company.id, id, created_by: admin.user_id, request_id: 'r', attempt: 1, done: 0 };
      let [attempts, isDone] = [0, false];
      while (!isDone) {
        attempts += 1;
        let transactions = 0;
        const saveProgress = async () => {
          transactions += 1;
          if (isDisturbed && transactions === 2) throw new Error('killed');
        };
        const control = { signal: new AbortController().signal, saveProgress };
        const running = service.handlers['customers.import']?.(
          { ...job, kind: 'customers.import', input: {} },
          control,
        );
        isDone = await Promise.resolve(running).then(
          () => true,
          () => false,
        );
      }
      expect(attempts).toBe(isDisturbed ? 4 : 1);
      const { read, created, skipped, failed, warnings } = await getImport(admin, id);
      const { db } = service.database;
      const customers = await db('customers')
        .select('full_name', 'email', 'phone', 'external_id', 'tags', 'metadata', 'status', 'version')
        .where({ company_id: company.id })
        .orderBy('external_id');
      const notes = await db('customer_notes').count({ notes: '*' }).where({ company_id: company.id });
      const errors = (await getErrors(admin, id)).map((line) => line.replace(/number \d+/, 'number N'));
      states.push({ counts: { read, created, skipped, failed, warnings }, customers, notes, errors });
    }
    expect(states[1]).toEqual(states[0]);
    expect(states[0]).toMatchObject({ counts: { read: 1100 } });
  });

  test('is closed 7 days after its end: the file and the errors are gone, the counts stay', async ({
    service,
    company,
    admin,
  }) => {
    const done = await runImport(
      service,
      admin,
      people(3, (line) => line.replace('@', ' at ')),
    );
    expect(await getErrors(admin, done.id)).toHaveLength(3);
    const { db, owner } = service.database;
    while (await closeNextImport(db, service.importStorage));
    expect(service.files(company.id)).toHaveLength(1);
    await owner('jobs')
      .where({ id: done.id })
      .update({ ended_at: owner.raw(`now() - interval '8 days'`) });
    while (await closeNextImport(db, service.importStorage));
    expect(service.files(company.id)).toEqual([]);
    expect(await getErrors(admin, done.id)).toEqual([]);
    await owner('jobs').where({ id: done.id }).delete();
    const closed = await getImport(admin, done.id);
    expect(closed).toMatchObject({ status: 'done', percent: 100, read: 3, started_at: done.started_at });
  });
});

test('an import whose file is gone fails and says so', async ({ service, company, admin }) => {
  const { id } = (await upload(admin, people(2)).expect(202)).body.import;
  await service.database
    .owner('customer_imports')
    .where({ id })
    .update({ file: randomUUID().replaceAll('-', '') });
  await service.runJobs();
  expect(await getImport(admin, id)).toMatchObject({ status: 'failed', error_code: 'IMPORT_FILE_GONE' });
  expect(
    readFileSync(join(service.importStorage.folder, company.id, service.files(company.id)[0] ?? ''), 'utf8'),
  ).toContain('p0@');
});
