import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Readable } from 'node:stream';
import { serviceTest, type TestUser } from '@clientela/testing';
import { describe, expect } from 'vitest';
import { createTestImports, getImport, upload } from './testing/test-imports.ts';
import { removeOrphans } from './worker.ts';

const csv = 'email,firstname\nana@example.com,Ana\n';
const test = serviceTest(() => createTestImports({ maxBytes: 100_000, pool: 4 }));
const invalidFields = ({ body }: { body: { errors: { path: string }[] } }) => body.errors.map(({ path }) => path);

/** Uploads a stream, whose length the request does not say. */
const uploadChunked = (by: TestUser, file: Readable) =>
  by.post('/api/customers/imports').attach('file', file as never, { filename: 'a.csv', contentType: 'text/csv' });

describe('POST /api/customers/imports', () => {
  test('stores the file for its owner only and queues an import with its options', async ({
    service,
    company,
    admin,
  }) => {
    const fields = { match_on: 'Phone', dry_run: 'true', mapping: '{"Mail":"email","Age":null}' };
    const { body } = await upload(admin, csv, { fields, query: '?on_match=update&separator=tab' }).expect(202);
    expect(body).toEqual({
      message: 'Import queued',
      import: {
        id: expect.any(String),
        status: 'queued',
        source: 'file',
        format: null,
        encoding: null,
        separator: '\t',
        mapping: { Mail: 'email', Age: null },
        left_behind: [],
        match_on: 'phone',
        on_match: 'update',
        dry_run: true,
        read: 0,
        created: 0,
        updated: 0,
        skipped: 0,
        failed: 0,
        warnings: 0,
        percent: 0,
        eta: null,
        error: null,
        error_code: null,
        created_by: admin.user_id,
        created_at: expect.any(String),
        started_at: null,
        ended_at: null,
      },
    });
    expect(await getImport(admin, body.import.id)).toEqual(body.import);
    const [name = ''] = service.files(company.id);
    const path = join(service.importStorage.folder, company.id, name);
    expect(name).toMatch(/^[0-9a-f]{32}$/);
    expect(readFileSync(path, 'utf8')).toBe(csv);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700);
    const job = await admin.get(`/api/v1/jobs/${body.import.id}`).expect(200);
    expect(job.body).toMatchObject({ kind: 'customers.import', status: 'queued' });
  });

  test('takes options before the file, behind it, and in the query', async ({ admin }) => {
    const { body } = await admin
      .post('/api/customers/imports?match_on=external_id')
      .field('on_match', 'update')
      .attach('file', Buffer.from(csv), 'a.csv')
      .field('encoding', 'windows-1251')
      .expect(202);
    const { match_on, on_match, encoding } = body.import;
    expect({ match_on, on_match, encoding }).toEqual({
      match_on: 'external_id',
      on_match: 'update',
      encoding: 'windows-1251',
    });
  });

  test('rejects a file beyond the limit, of unknown length too, and leaves nothing', async ({
    service,
    company,
    admin,
  }) => {
    const { body } = await upload(admin, 'x'.repeat(100_001)).expect(413);
    expect(body).toMatchObject({ error_code: 'PAYLOAD_TOO_LARGE', detail: 'The file must have at most 100000 bytes' });
    await uploadChunked(admin, Readable.from(Array.from({ length: 30 }, () => 'x'.repeat(10_000)))).expect(413);
    await upload(admin, 'x'.repeat(100_000)).expect(202);
    expect(service.files(company.id)).toHaveLength(1);
  });

  test('rejects a second file, naming its field, and leaves nothing', async ({ service, company, admin }) => {
    const two = admin.post('/api/customers/imports').attach('file', Buffer.from(csv), 'a.csv');
    const { body } = await two.attach('file', Buffer.from(csv), 'b.csv').expect(422);
    expect(body.errors).toEqual([{ path: 'file', message: 'must be one file' }]);
    expect(service.files(company.id)).toEqual([]);
  });

  test('leaves nothing of an upload that breaks off', async ({ service, company, admin }) => {
    const file = Readable.from(
      (async function* () {
        yield 'x'.repeat(50_000);
        await expect.poll(() => service.files(company.id)).toHaveLength(1);
        throw new Error('the client is gone');
      })(),
    );
    await expect(uploadChunked(admin, file)).rejects.toThrow();
    await expect.poll(() => service.files(company.id)).toEqual([]);
  });

  test('leaves nothing of a file whose form has an invalid field behind it', async ({ service, company, admin }) => {
    const bad: [Record<string, string>, string][] = [
      [{ match_on: 'name' }, 'match_on'],
      [{ separator: 'x' }, 'separator'],
      [{ encoding: 'klingon' }, 'encoding'],
      [{ dry_run: 'perhaps' }, 'dry_run'],
      [{ mapping: '[1]' }, 'mapping'],
      [{ mapping: '{"Mail":"e-mail"}' }, 'mapping.Mail'],
      [{ encoding: 'constructor' }, 'encoding'],
      [{ source: 'vaptekesync' }, 'source'],
      [{ colour: 'red' }, 'colour'],
    ];
    for (const [fields, path] of bad)
      expect(invalidFields(await upload(admin, csv, { fields }).expect(422)), path).toEqual([path]);
    const differs = await upload(admin, csv, { fields: { match_on: 'phone' }, query: '?match_on=email' }).expect(422);
    expect(invalidFields(differs)).toEqual(['match_on']);
    expect(service.files(company.id)).toEqual([]);
  });

  test('needs a file or a source', async ({ admin }) => {
    const form = admin.post('/api/customers/imports').field('match_on', 'email');
    expect(invalidFields(await form.expect(422))).toEqual(['file']);
    expect(invalidFields(await admin.post('/api/customers/imports', {}).expect(422))).toEqual(['source']);
    await admin.post('/api/customers/imports').type('text/csv').send(csv).expect(415);
  });

  test('with an Idempotency-Key creates one import per file, and rejects another file', async ({
    service,
    company,
    admin,
  }) => {
    const first = await upload(admin, csv, { key: 'one' }).expect(202);
    const again = await upload(admin, csv, { key: 'one' }).expect(202);
    expect(again.body).toEqual(first.body);
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(service.files(company.id)).toHaveLength(1);
    await upload(admin, `${csv}\n`, { key: 'one' }).expect(422);
    await upload(admin, csv, { key: 'one', fields: { on_match: 'update' } }).expect(422);
    const { body } = await admin.get('/api/customers/imports').expect(200);
    expect(body.imports).toEqual([first.body.import]);
  });

  test('answers 503 while the storage is away, and 429 to a fourth upload at once', async ({
    service,
    company,
    admin,
  }) => {
    const broken = join(service.importStorage.folder, company.id);
    writeFileSync(broken, '');
    expect((await upload(admin, csv).expect(503)).body.detail).toBe('The storage of imports is unavailable');
    const other = service.company();
    const busy = service.user('admin', other);
    const ends = Array.from({ length: 3 }, () => Promise.withResolvers<void>());
    const uploads = ends.map(async ({ promise }) => {
      const file = Readable.from(
        (async function* () {
          yield csv;
          await promise;
        })(),
      );
      return uploadChunked(busy, file).expect(202);
    });
    await expect.poll(() => service.files(other.id)).toHaveLength(3);
    const { headers } = await upload(busy, csv).expect(429);
    expect(headers['retry-after']).toBe('10');
    await upload(service.user('admin', service.company()), csv).expect(202);
    for (const { resolve } of ends) resolve();
    await Promise.all(uploads);
    await upload(busy, csv).expect(202);
  });

  test('is closed to managers and to other companies', async ({ service, manager, admin }) => {
    await upload(manager, csv).expect(403);
    const { id } = (await upload(admin, csv).expect(202)).body.import;
    const stranger = service.user('admin', service.company());
    for (const path of ['', '/errors.csv', '/events'])
      expect((await stranger.get(`/api/customers/imports/${id}${path}`).expect(404)).body.error_code).toBe(
        'IMPORT_NOT_FOUND',
      );
    await stranger.post(`/api/customers/imports/${id}/cancel`).expect(404);
    expect((await stranger.get('/api/customers/imports').expect(200)).body).toMatchObject({ imports: [], total: 0 });
  });
});

test('a file without an import is removed once it is old, one that is used or new stays', async ({
  service,
  company,
  admin,
}) => {
  await upload(admin, csv).expect(202);
  const [used = ''] = service.files(company.id);
  const folder = join(service.importStorage.folder, company.id);
  const [old, fresh] = ['a'.repeat(32), 'b'.repeat(32)];
  for (const name of [old, `${old}.records.part`, fresh]) writeFileSync(join(folder, name), csv);
  const anHourAgo = new Date(Date.now() - 3_600_000);
  for (const name of [old, `${old}.records.part`, used]) utimesSync(join(folder, name), anHourAgo, anHourAgo);
  await removeOrphans(service.database.db, service.importStorage);
  expect(service.files(company.id).toSorted()).toEqual([used, fresh].toSorted());
});

test('lists imports by page, newest first; a cancelled one ends its events', async ({ admin }) => {
  const ids: string[] = [];
  for (let count = 0; count < 3; count += 1) {
    ids.unshift((await upload(admin, csv).expect(202)).body.import.id);
    await sleep(2);
  }
  const page = await admin.get('/api/customers/imports?per_page=2&page=2').expect(200);
  expect(page.body).toMatchObject({ total: 3, page: 2, pages: 2, per_page: 2, imports: [{ id: ids[2] }] });
  const first = await admin.get('/api/customers/imports').expect(200);
  expect(first.body.imports.map(({ id }: { id: string }) => id)).toEqual(ids);

  const [id = ''] = ids;
  const events = admin.get(`/api/customers/imports/${id}/events`);
  const cancelled = await admin.post(`/api/customers/imports/${id}/cancel`).expect(200);
  expect(cancelled.body.import).toMatchObject({ id, status: 'cancelled', ended_at: expect.any(String) });
  const { text, headers } = await events.expect(200);
  expect(headers['content-type']).toBe('text/event-stream; charset=utf-8');
  expect(text).toMatch(/^event: end\ndata: \{"id":"[^\n]+"status":"cancelled"[^\n]+\}\n\n$/);
  const errors = await admin.get(`/api/customers/imports/${id}/errors.csv`).expect(200);
  expect(errors.text).toBe('row,column,reason\r\n');
});
