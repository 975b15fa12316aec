import { randomUUID } from 'node:crypto';
import { serviceTest, type TestUser } from '@clientela/testing';
import { describe, expect } from 'vitest';
import type { Import } from '../schema.ts';
import { createTestImports, runImport, type TestImports } from '../testing/test-imports.ts';

const test = serviceTest(() => createTestImports({ pool: 4 }));

const path = '/api/customers';
type Listed = { id: string; number: number; full_name: string; version?: number };

const list = async (by: TestUser, query = 'sort=full_name'): Promise<Listed[]> =>
  (await by.get(`${path}?per_page=100&${query}`).expect(200)).body.customers;
const find = async (by: TestUser, full_name: string): Promise<Listed> => {
  const found = (await list(by)).find((customer) => customer.full_name === full_name);
  if (!found) throw new Error(`no ${full_name}`);
  return found;
};
const get = async (by: TestUser, id: string) => (await by.get(`${path}/${id}`).expect(200)).body.customer;

/** Undoes an import and returns what it left, without the header. */
async function undo(service: TestImports, by: TestUser, { id }: Import): Promise<string[]> {
  const { body } = await by.post(`${path}/imports/${id}/undo`).expect(202);
  expect(body).toMatchObject({ message: 'Undo queued', job: { kind: 'customers.import.undo', status: 'queued' } });
  await service.runJobs();
  expect((await by.get(`/api/v1/jobs/${body.job.id}`).expect(200)).body).toMatchObject({
    status: 'done',
    percent: 100,
  });
  return left(by, id);
}
const left = async (by: TestUser, id: string): Promise<string[]> => {
  const { text } = await by.get(`${path}/imports/${id}/undo.csv`).expect(200);
  const [header, ...lines] = text.split('\r\n').slice(0, -1);
  expect(header).toBe('row,number,field,reason');
  return lines;
};
const update = { fields: { on_match: 'update' } };

test('an import is a change by staff, which the user of the customer does not follow', async ({
  service,
  admin,
  company,
}) => {
  const user_id = randomUUID();
  const { customer } = (await admin.post(path, { full_name: 'Ana', email: 'ana@example.com', user_id }).expect(201))
    .body;
  const person = service.user('customer', company, user_id);
  const followed = async () =>
    Object.keys((await service.callingService('auth', company).get(`/internal/users/${user_id}/changes`)).body);
  await person.patch(`${path}/${customer.id}`, { full_name: 'Ana Ruiz', phone: '600111222' }).expect(200);
  expect(await followed()).toEqual(['name', 'phone']);
  const imported = await runImport(service, admin, 'full_name,email\nAna Lopez,ana@example.com\n', update);
  expect([imported.updated, await followed()]).toEqual([1, ['phone']]);
  expect(await undo(service, admin, imported)).toEqual([]);
  expect([(await get(admin, customer.id)).full_name, await followed()]).toEqual(['Ana Ruiz', ['phone']]);
});

describe('undo of an import', () => {
  test('deletes what the import created, but for customers who changed since, and publishes one event', async ({
    service,
    admin,
    company,
  }) => {
    const file =
      'full_name,email,tags,notes\nA,a@example.com,x,n\nB,b@example.com,,\nC,c@example.com,,\nD,d@example.com,,\nE,e@example.com,,\n';
    const imported = await runImport(service, admin, file);
    expect(imported).toMatchObject({ created: 5 });
    const [, b, c, d, e] = await list(admin);
    await admin.patch(`${path}/${b?.id}`, { gender: 'female' }).expect(200);
    await admin.post(`${path}/${c?.id}/notes`, { content: 'Called' }).expect(201);
    await service.database
      .owner('customer_counters')
      .where({ company_id: company.id, customer_id: d?.id })
      .update({ totals_version: 1 });
    await admin.delete(`${path}/${e?.id}`).expect(200);
    expect(await undo(service, admin, imported)).toEqual([
      `3,${b?.number},,was changed since`,
      `4,${c?.number},,was changed since`,
      `5,${d?.number},,"has orders, appointments, complaints or other records since"`,
      `6,${e?.number},,was deleted since`,
    ]);
    expect((await list(admin)).map(({ full_name }) => full_name)).toEqual(['B', 'C', 'D']);
    const [a] = await list(admin, 'active_only=false&search=a@example.com');
    expect((await admin.get(`${path}/${a?.id}/history`)).body.history[0]).toMatchObject({
      action: 'customers.import.undone',
      changes: [{ field: 'status', from: 'active', to: 'deleted' }],
    });
    const events = (await service.events('customers.import.undone')).filter(
      ({ company_id }) => company_id === company.id,
    );
    expect(events).toEqual([
      expect.objectContaining({
        data: expect.objectContaining({ import_id: imported.id, deleted: [a?.id], reverted: [], kept: 4 }),
      }),
    ]);
    // Its values are free again: the same file can be imported once more.
    expect(await runImport(service, admin, file)).toMatchObject({ created: 2, skipped: 3 });
  });

  test('lists a hundred fields of a change, and that there are more', async ({ service, admin }) => {
    const keys = Array.from({ length: 300 }, (_, index) => `key${index}`);
    const metadataOf = (value: number) => Object.fromEntries(keys.map((key) => [key, value]));
    const { body } = await admin.post(path, { email: 'ana@example.com' }).expect(201);
    const row = JSON.stringify({ email: 'ana@example.com', metadata: { ...metadataOf(1), constructor: 1 } });
    const imported = await runImport(service, admin, row, update);
    await admin.patch(`${path}/${body.customer.id}`, { metadata: metadataOf(2) }).expect(200);
    const lines = await undo(service, admin, imported);
    expect(lines).toHaveLength(101);
    expect(lines.at(-1)).toBe(`1,${body.customer.number},,has further fields that stay`);
    expect((await get(admin, body.customer.id)).metadata).toEqual(metadataOf(2));
  });

  test('gives updated customers back each value that they still have from the import', async ({ service, admin }) => {
    const before = {
      full_name: 'Ana',
      email: 'ana@example.com',
      phone: '+34 600 111 222',
      gender: 'female',
      address: { city: 'Soria', line: 'C/ 1' },
      metadata: { a: 1, b: 2 },
      tags: ['old'],
    };
    const { body } = await admin.post(path, before).expect(201);
    const { id, number } = body.customer;
    const rows = [
      'full_name,email,phone,birthday,city,address,tags,notes,shoe size',
      'Ana María,ana@example.com,+34600111333,1990-02-28,Lugo,C/ 2,"old, new",Met at the fair,38',
    ];
    const imported = await runImport(service, admin, rows.join('\n'), update);
    expect(imported).toMatchObject({ created: 0, updated: 1 });
    const changed = await get(admin, id);
    expect(changed).toMatchObject({ full_name: 'Ana María', birthday: '1990-02-28', tags: ['new', 'old'] });
    await admin
      .patch(`${path}/${id}`, { birthday: '1991-01-01', address: { city: 'Vigo' }, metadata: { c: 3 } })
      .expect(200);
    expect(await undo(service, admin, imported)).toEqual(
      [`2,${number},birthday,was changed since`, `2,${number},address.city,was changed since`].toSorted((one) =>
        one.includes('birthday') ? -1 : 1,
      ),
    );
    expect(await get(admin, id)).toMatchObject({
      ...before,
      phone: '+34600111222',
      birthday: '1991-01-01',
      address: { city: 'Vigo', line: 'C/ 1' },
      metadata: { a: 1, b: 2, c: 3 },
    });
    expect((await get(admin, id)).metadata).toEqual({ a: 1, b: 2, c: 3 });
    expect((await admin.get(`${path}/${id}/notes`)).body.notes).toEqual([]);
    const [stored] = await service.database.owner('customers').select('phone_typed').where({ id });
    expect(stored).toEqual({ phone_typed: '+34 600 111 222' });
  });

  test('gives values back that went from one customer to another, unless somebody else took them', async ({
    service,
    admin,
  }) => {
    await admin.post(path, { full_name: 'A', external_id: '1', email: 'x@example.com' }).expect(201);
    await admin.post(path, { full_name: 'B', external_id: '2', email: 'z@example.com' }).expect(201);
    await admin.post(path, { full_name: 'C', external_id: '3', phone: '+34600111222' }).expect(201);
    const rows = 'external_id,email,phone\n1,y@example.com,\n2,x@example.com,\n3,,+34600111333\n';
    const imported = await runImport(service, admin, rows, { fields: { on_match: 'update', match_on: 'external_id' } });
    expect(imported).toMatchObject({ updated: 3 });
    await admin.post(path, { full_name: 'D', phone: '+34600111222' }).expect(201);
    const c = await find(admin, 'C');
    expect(await undo(service, admin, imported)).toEqual([`4,${c.number},phone,belongs to another customer since`]);
    expect(await find(admin, 'A')).toMatchObject({ email: 'x@example.com' });
    expect(await find(admin, 'B')).toMatchObject({ email: 'z@example.com' });
    expect(await find(admin, 'C')).toMatchObject({ phone: '+34600111333' });
  });

  test('rebuilds a built name, and keeps a customer reachable', async ({ service, admin }) => {
    const first = await admin.post(path, { firstname: 'Ana', lastname: 'Ruiz', email: 'ana@example.com' }).expect(201);
    const second = await admin.post(path, { full_name: 'Eva', external_id: '5' }).expect(201);
    const rows = 'external_id,email,firstname\n,ana@example.com,Anna\n5,eva@example.com,\n';
    const imported = await runImport(service, admin, rows, { fields: { on_match: 'update', match_on: 'external_id' } });
    expect(imported).toMatchObject({ updated: 2 });
    await admin.patch(`${path}/${first.body.customer.id}`, { lastname: 'Roig' }).expect(200);
    await admin.patch(`${path}/${second.body.customer.id}`, { full_name: null }).expect(200);
    expect(await undo(service, admin, imported)).toEqual([expect.stringMatching(/^3,\d+,full_name,is needed/)]);
    expect(await get(admin, first.body.customer.id)).toMatchObject({ firstname: 'Ana', full_name: 'Ana Roig' });
    expect(await get(admin, second.body.customer.id)).toMatchObject({ email: 'eva@example.com' });
  });

  test('goes on after its last chunk when it is interrupted, and after a cancelled one', async ({
    service,
    admin,
    company,
  }) => {
    const rows = Array.from({ length: 1200 }, (_, n) => `C${n},c${n}@example.com`);
    const imported = await runImport(service, admin, ['full_name,email', ...rows].join('\n'));
    expect(imported).toMatchObject({ created: 1200 });
    const { body } = await admin.post(`${path}/imports/${imported.id}/undo`).expect(202);
    const handler = service.handlers['customers.import.undo'];
    let chunks = 0;
    const job = {
      company_id: company.id,
      id: body.job.id,
      kind: 'customers.import.undo',
      created_by: 'tested',
      request_id: 'tested',
      attempt: 1,
      done: 0,
    } as const;
    const interrupted = handler?.(
      { ...job, input: { import_id: imported.id, total: 1200 } },
      {
        signal: new AbortController().signal,
        saveProgress: async () => {
          chunks += 1;
          if (chunks > 1) throw new Error('killed');
        },
      },
    );
    await expect(interrupted).rejects.toThrow('killed');
    const active = async () => (await admin.get(`${path}?per_page=1`).expect(200)).body.total as number;
    expect(await active()).toBe(700);
    await admin.post(`/api/v1/jobs/${body.job.id}/cancel`).expect(200);
    expect(await undo(service, admin, imported)).toEqual([]);
    expect(await active()).toBe(0);
    const events = (await service.events('customers.import.undone')).filter(
      ({ company_id }) => company_id === company.id,
    );
    const deleted = events.flatMap(({ data }) => data['deleted'] as string[]);
    expect([deleted.length, new Set(deleted).size]).toEqual([1200, 1200]);
  });

  test('is a 409 while the import runs, after a dry run, a second time and after 7 days; a 404 elsewhere', async ({
    service,
    admin,
    company,
    manager,
  }) => {
    const imported = await runImport(service, admin, 'full_name\nA\n');
    const request = (id: string, by = admin) => by.post(`${path}/imports/${id}/undo`);
    const jobs = service.database.owner('jobs');
    await jobs.clone().where({ id: imported.id }).update({ status: 'running' });
    expect((await request(imported.id).expect(409)).body.error_code).toBe('IMPORT_NOT_ENDED');
    await jobs
      .clone()
      .where({ id: imported.id })
      .update({ status: 'done', ended_at: new Date(Date.now() - 7.01 * 86_400_000) });
    expect((await request(imported.id).expect(409)).body.error_code).toBe('IMPORT_UNDO_EXPIRED');
    await jobs
      .clone()
      .where({ id: imported.id })
      .update({ ended_at: new Date(Date.now() - 6.99 * 86_400_000) });
    await request(imported.id, manager).expect(403);
    await request(imported.id, service.user('admin', service.company())).expect(404);
    await request(imported.id).expect(202);
    expect((await request(imported.id).expect(409)).body.error_code).toBe('IMPORT_ALREADY_UNDONE');
    await service.runJobs();
    expect((await request(imported.id).expect(409)).body.error_code).toBe('IMPORT_ALREADY_UNDONE');
    const dry = await runImport(service, admin, 'full_name\nA\n', { fields: { dry_run: 'true' } });
    expect((await request(dry.id).expect(409)).body.error_code).toBe('IMPORT_DRY_RUN');
    expect(await list(service.user('admin', company))).toEqual([]);
  });
});
