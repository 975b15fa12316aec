import { buffer, text } from 'node:stream/consumers';
import { digitsOfLetters, serviceTest } from '@clientela/testing';
import { describe, expect } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';
import { download, downloadRows, fill, parseLines, startDownload, statusOf } from './testing/download.ts';

const test = serviceTest(() => createTestCustomer({ pool: 5 }));

const path = '/api/customers';
type Row = { id: string; full_name: string | null };

describe('the file', () => {
  test('is CSV with the names of the fields, formulas neutralized and objects as JSON or columns', async ({
    admin,
    service,
    company,
  }) => {
    const { body } = await admin
      .post(path, {
        number: 7,
        external_id: "'5",
        full_name: '=HYPERLINK("http://x.example";"a,b")',
        firstname: '@me',
        email: '-x@example.com',
        phone: '+34600111222',
        address: { line: '+1, "rear"', city: 'Zürich 😀' },
        preferences: { newsletter: true },
        metadata: { a: '=1', b: [1, null] },
        tags: ['x, y', 'vip', '"q"'],
        birthday: '1990-02-28',
      })
      .expect(201);
    const { id, business_id, created_at, updated_at } = body.customer;
    const response = await startDownload(service, company.id, 'export.csv');
    expect(response.headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8',
      'cache-control': 'no-store',
      'content-disposition': expect.stringMatching(/^attachment; filename="customers-\d{8}-\d{6}\.csv"$/),
    });
    // `text` would leave the byte order mark out.
    expect((await buffer(response)).toString()).toBe(
      '\uFEFFid,number,business_id,user_id,external_id,full_name,firstname,lastname,email,phone,gender,birthday,city_id,document_type,' +
        'document_number,address.line,address.city,address.state,address.zip_code,address.country,avatar_url,status,type,is_active,' +
        'preferences.newsletter,preferences.notifications,preferences.language,metadata,tags,total_orders,total_appointments,' +
        'total_complaints,open_complaints,last_order_date,last_appointment_date,last_complaint_date,lifetime_value,currency,' +
        'last_auth_at,created_at,updated_at,version\r\n' +
        `${id},7,${business_id},,''5,"'=HYPERLINK(""http://x.example"";""a,b"")",'@me,,'-x@example.com,'+34600111222,,1990-02-28,,,,` +
        `"'+1, ""rear""",Zürich 😀,,,,,active,regular,true,true,true,en,"{""a"":""=1"",""b"":[1,null]}","[""\\""q\\"""",""vip"",""x, y""]",` +
        `0,0,0,0,,,,0.00,EUR,,${created_at},${updated_at},1\r\n`,
    );
  });

  test('is JSON lines of the customers as the list answers them', async ({ admin, service, company }) => {
    for (const body of [
      { full_name: 'A', tags: ['x'] },
      { email: 'b@example.com', address: { city: 'B' } },
    ])
      await admin.post(path, body).expect(201);
    const response = await startDownload(service, company.id, 'export.jsonl');
    expect(response.headers).toMatchObject({ 'content-type': 'application/x-ndjson; charset=utf-8' });
    const { body } = await admin.get(path);
    expect(parseLines(await text(response))).toEqual(body.customers);
  });

  test('has the columns that are named, once each and in that order', async ({ admin, service, company }) => {
    await admin.post(path, { full_name: 'A', address: { city: 'B', line: 'C' } }).expect(201);
    await admin.post(path, { phone: '+34600111222' }).expect(201);
    expect(
      await download(service, company.id, 'export.csv?columns=full_name,address.city,full_name&sort=created_at'),
    ).toBe('full_name,address.city\r\nA,B\r\n,\r\n');
    expect(await download(service, company.id, 'export.csv?columns=full_name&sort=created_at')).toBe(
      'full_name\r\nA\r\n""\r\n',
    );
    expect(
      await download(service, company.id, 'export.csv?columns=preferences.language&columns=type&sort=created_at'),
    ).toBe('preferences.language,type\r\nen,regular\r\nen,regular\r\n');
    expect(
      await downloadRows<Row>(service, company.id, 'columns=full_name,address.city,address.line&sort=created_at'),
    ).toEqual([
      { full_name: 'A', address: { city: 'B', line: 'C' } },
      { full_name: null, address: null },
    ]);
  });

  test('has a header only when there are no customers', async ({ service, company }) => {
    expect(await download(service, company.id, 'export.csv?columns=id,email')).toBe('id,email\r\n');
    expect(await downloadRows<Row>(service, company.id)).toEqual([]);
  });
});

describe('the rows', () => {
  test('are those of the list, by its filters, search and sort', async ({ admin, service, company }) => {
    const names = ['Zoé Ávila', 'adam Martin', 'Ana Martín', 'Émile Roux', 'Eva Marti', 'Martina Sol'];
    for (const [at, full_name] of names.entries())
      await admin
        .post(path, {
          full_name,
          type: at % 2 ? 'vip' : 'regular',
          status: at === 3 ? 'inactive' : 'active',
          tags: at > 2 ? ['New, old'] : [],
        })
        .expect(201);
    const { body } = await admin.get(`${path}?search=adam`);
    await admin.delete(`${path}/${body.customers[0].id}`).expect(200);
    await service.database
      .owner('customer_counters')
      .where({ company_id: company.id })
      .update({
        total_orders: service.database.owner.raw('hashtext(customer_id::text) & 3'),
        lifetime_value: service.database.owner.raw('hashtext(customer_id::text) & 7'),
      });
    for (const query of [
      '',
      'active_only=false&sort=full_name',
      'status=inactive',
      'type=vip&sort=-full_name',
      'tag=new,%20OLD&sort=lifetime_value',
      'sort=total_orders,-full_name&active_only=false',
      'sort=last_order_date,-lifetime_value,full_name',
      'search=martin&sort=full_name',
      'search=mrtin&sort=-created_at',
      'search=nobody',
      'created_from=2999-01-01',
      'min_lifetime_value=3&sort=-total_orders',
    ]) {
      const { body } = await admin.get(`${path}?${query}&per_page=100`).expect(200);
      expect(await downloadRows<Row>(service, company.id, query), query).toEqual(body.customers);
    }
  });

  test('does not find letters of other scripts by digits or Latin letters', async ({ admin, service, company }) => {
    await admin.post(path, { full_name: '王小' }).expect(201);
    for (const digits of digitsOfLetters('王小'))
      expect(await downloadRows(service, company.id, `search=${digits}`), digits).toEqual([]);
    expect(await downloadRows(service, company.id, `search=${encodeURIComponent('王小')}`)).toHaveLength(1);
  });

  test('are those of one company', async ({ admin, service, company }) => {
    await admin.post(path, { full_name: 'Ours' }).expect(201);
    const other = service.company();
    await service.user('admin', other).post(path, { full_name: 'Theirs' }).expect(201);
    expect(await downloadRows<Row>(service, company.id)).toEqual([expect.objectContaining({ full_name: 'Ours' })]);
    const superuser = service.user('superuser');
    const { text: theirs } = await superuser
      .get(`${path}/export.csv?columns=full_name&company_id=${other.id}`)
      .expect(200);
    expect(theirs).toContain('\r\nTheirs\r\n');
    await superuser.get(`${path}/export.csv`).expect(422);
  });

  test('are those of one moment, whatever is written while the client reads', async ({ admin, service, company }) => {
    await fill(service, company.id, 600, 60_000); // 36 MB: more than the buffers between service and client hold
    const query = 'active_only=false&sort=full_name&columns=id,full_name,metadata';
    const before = await downloadRows<Row>(service, company.id, query);
    expect(before).toHaveLength(600);
    const response = await startDownload(service, company.id, `export.jsonl?${query}`);
    await admin.delete(`${path}/${before[590]?.id}?hard_delete=true`).expect(200);
    await admin.patch(`${path}/${before[595]?.id}`, { full_name: 'A new first' }).expect(200);
    await fill(service, company.id, 600);
    const rows = parseLines<Row>(await text(response));
    expect(rows.map(({ id, full_name }) => [id, full_name])).toEqual(
      before.map(({ id, full_name }) => [id, full_name]),
    );
  });
});

describe('the request', () => {
  test('needs customers:export', async ({ service, company, viewer, manager }) => {
    for (const file of ['export.csv', 'export.jsonl']) {
      await viewer.get(`${path}/${file}`).expect(403);
      await service.user('customer', company).get(`${path}/${file}`).expect(403);
      await manager.get(`${path}/${file}`).expect(200);
      await service.anonymous().get(`${path}/${file}`).expect(401);
    }
  });

  test.for([
    ['page=1', 'page'],
    ['per_page=10', 'per_page'],
    ['cursor=', 'cursor'],
    ['columns=full_name,password', 'columns'],
    ['columns=', 'columns'],
    ['columns=search_text', 'columns'],
    ['sort=email', 'sort'],
    ['search=x', 'search'],
    ['created_from=yesterday', 'created_from'],
  ] as const)('is a 422 for %s', async ([query, field], { manager }) => {
    const { body } = await manager.get(`${path}/export.csv?${query}`).expect(422);
    expect(body.errors).toEqual([{ path: field, message: expect.any(String) }]);
  });

  test('does not look complete when the database fails after the first byte', async ({ service, company }) => {
    await fill(service, company.id, 600, 60_000); // more than the buffers hold
    const response = await startDownload(service, company.id, 'export.csv');
    await service.database.cut();
    await expect(buffer(response)).rejects.toThrow('aborted');
    await expect.poll(() => statusOf(service, company.id, 'GET')).toBe(200);
  });
});
