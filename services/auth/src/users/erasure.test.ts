import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import type { ErasureReport, Person } from '@clientela/contracts';
import { erasePerson } from '@clientela/privacy';
import { runInterrupted, type TestUser } from '@clientela/testing';
import jwt from 'jsonwebtoken';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPasswords, type Passwords } from '../accounts/passwords.ts';
import { privacy } from '../privacy.ts';
import { createTestAuth, testHashingCost, type TestAuth } from '../testing/test-auth.ts';

let auth: TestAuth;
/** Holds sign-ins after their password was verified. */
const gate = { opened: Promise.resolve(), waiting: 0 };
beforeAll(async () => {
  const real = createPasswords({ cost: testHashingCost });
  const passwords: Passwords = {
    ...real,
    verify: async (...input) => {
      const check = await real.verify(...input);
      gate.waiting += 1;
      await gate.opened;
      gate.waiting -= 1;
      return check;
    },
  };
  auth = await createTestAuth({ pool: 5, passwords });
});
afterAll(() => auth.close());

type Row = Record<string, unknown>;
type Admin = Awaited<ReturnType<TestAuth['register']>>;

const customer = (company_id: string) => auth.callingService('customer', { ...auth.company(), id: company_id });
const personOf = (company_id: string, user_id: string | null, changes: Partial<Person> = {}): Person => ({
  company_id,
  user_id,
  customer_id: null,
  customer_number: null,
  ...changes,
});
const erase = async (person: Person, request_id: string = randomUUID()): Promise<ErasureReport> =>
  (await customer(person.company_id).post('/internal/privacy/erasures', { request_id, person }).expect(200)).body;

async function exported(person: Person): Promise<Record<'user' | 'sessions' | 'audit', Row[]>> {
  const section = async (name: string) => {
    const rows: Row[] = [];
    for (let after: string | null | undefined; after !== null;) {
      const request = { person, section: name, ...(after && { after }) };
      const { body } = await customer(person.company_id).post('/internal/privacy/export', request).expect(200);
      rows.push(...(body.rows as Row[]));
      after = body.next as string | null;
    }
    return rows;
  };
  return { user: await section('user'), sessions: await section('sessions'), audit: await section('audit') };
}

/** Returns every row of every table as text, prefixed by its table. */
async function dumpRows(): Promise<string[]> {
  const { owner } = auth.database;
  const { rows } = await owner.raw<{ rows: { relname: string }[] }>(
    `select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')`,
  );
  const texts = rows.map(async ({ relname }) => {
    const found = await owner.raw<{ rows: Row[] }>('select ??::text as text from ??', [relname, relname]);
    return found.rows.map(({ text }) => `${relname} ${String(text)}`);
  });
  return (await Promise.all(texts)).flat();
}
const rowsContaining = async (texts: readonly string[]) => {
  const lowered = texts.map((text) => text.toLowerCase());
  return (await dumpRows()).filter((row) => lowered.some((text) => row.toLowerCase().includes(text)));
};

/** Creates a user with a unique trace in every writable field, and with sign-ins from several addresses. */
async function createPerson({ user: admin, client: adminClient }: Admin) {
  const word = `z${randomUUID().slice(0, 8)}`;
  const digits = String(randomInt(10_000_000, 99_999_999));
  const own = (n: number) => `${word}${n}`;
  const addresses = Array.from({ length: 3 }, () => `198.${randomInt(18, 20)}.${randomInt(256)}.${randomInt(1, 255)}`);
  const [homeAddress = '', otherAddress = '', elsewhere = ''] = addresses;
  const body = {
    username: own(1),
    email: `${own(2)}@example.com`,
    password: `pass-${randomUUID()}`,
    first_name: own(3),
    last_name: own(4),
    phone: `+34 6 ${digits}`,
    address: `Street ${own(5)}`,
    document_type: 'passport',
    number_document_identity: own(6),
    role: 'viewer',
  };
  const key = own(7);
  const response = await adminClient.post('/api/v1/users', body).set('Idempotency-Key', key).expect(201);
  const { id } = response.body as { id: string };
  const client = auth.user('viewer', { id: admin.business_id ?? '' }, id);

  const login = (password: string, ip: string, device: string) =>
    auth
      .anonymous()
      .post('/auth/login', { email: body.email, password })
      .set({ 'X-Client-Ip': ip, 'User-Agent': device });
  const session = (await login(body.password, homeAddress, `Browser/${own(8)}`).expect(200)).body;
  const { sid } = jwt.decode(session.access_token) as { sid: string };
  await login('wrong', otherAddress, `Other/${own(9)}`).expect(401);
  await auth.anonymous().post('/auth/refresh', { refresh_token: session.refresh_token }).expect(200);
  const changes = { name: `${own(3)} ${own(4)} ${own(10)}`, address: `Street ${own(11)}` };
  await client.patch('/auth/me', changes).set('X-Session-Id', sid).expect(200);
  await client.post('/auth/verify-email/request').set('X-Session-Id', sid).expect(202);
  await client.get('/api/v1/users').set('X-Client-Ip', elsewhere).expect(403);
  const proven = { provider: 'example', issuer: 'https://id.example.com/', subject: own(12) };
  await auth.database.owner('identities').insert({ id: randomUUID(), user_id: id, ...proven });
  const expires_at = new Date(Date.now() + 60_000);
  await auth.database
    .owner('oidc_codes')
    .insert({ id: randomUUID(), user_id: id, ...proven, email: own(13), expires_at });
  const token_hash = randomBytes(32);
  await auth.database.owner('totp_secrets').insert({ user_id: id, sealed_secret: token_hash });
  await auth.database.owner('recovery_codes').insert({ user_id: id, code_hash: token_hash });
  await auth.database.owner('mfa_challenges').insert({ user_id: id, token_hash });
  await auth.database.owner('invitations').insert({
    id: randomUUID(),
    company_id: admin.business_id,
    user_id: id,
    email: `${own(14)}@example.com`,
    name: own(15),
    role: 'viewer',
    language: 'en',
    accepted_at: new Date(),
    expires_at,
  });
  return { id, word, digits, addresses, body, key, response, client, login, session, admin };
}
type TestPerson = Awaited<ReturnType<typeof createPerson>>;
const traces = ({ word, digits, addresses }: TestPerson) => [word, digits, ...addresses];

describe('GET /internal/privacy/users/{id}', () => {
  const ask = (company_id: string, id: string) => customer(company_id).get(`/internal/privacy/users/${id}`);

  test('returns the role of a company’s user and whether it is the last active admin', async () => {
    const { user, client } = await auth.register();
    const company = user.business_id ?? '';
    expect((await ask(company, user.id).expect(200)).body).toEqual({
      id: user.id,
      role: 'admin',
      last_admin: true,
      actor_is_current: true,
    });
    const email = `${randomUUID()}@example.com`;
    const input = {
      username: randomUUID(),
      email,
      password: `pass-${randomUUID()}`,
      first_name: 'Eva',
      last_name: 'X',
    };
    const second = (await client.post('/api/v1/users', { ...input, role: 'admin' }).expect(201)).body.id as string;
    for (const id of [user.id, second])
      expect((await ask(company, id).expect(200)).body).toEqual({
        id,
        role: 'admin',
        last_admin: false,
        actor_is_current: true,
      });
    await client.put(`/api/v1/users/${second}`, { active: false }).expect(200);
    expect((await ask(company, user.id).expect(200)).body.last_admin).toBe(true);
    expect((await ask(company, second).expect(200)).body.last_admin).toBe(false);
    await client.put(`/api/v1/users/${second}`, { role: 'viewer' }).expect(200);
    expect((await ask(company, second).expect(200)).body).toEqual({
      id: second,
      role: 'viewer',
      last_admin: false,
      actor_is_current: true,
    });
  });

  test('tells whether an API key may still act, by its own record: it has no session', async () => {
    const { user, client } = await auth.register();
    const create = async (permissions: string[]) => {
      const input = { name: 'Exports', role: 'admin', permissions };
      return (await client.post('/api/v1/api-keys', input).expect(201)).body.api_key.id as string;
    };
    const askWith = async (key: string) => {
      const identity = { 'X-Key-Id': key, 'X-User-Role': 'admin', 'X-Permissions': 'gdpr:manage' };
      return (
        await ask(user.business_id ?? '', user.id)
          .set(identity)
          .expect(200)
      ).body.actor_is_current as boolean;
    };
    const key = await create(['gdpr:manage']);
    expect([await askWith(key), await askWith(await create(['customers:read']))]).toEqual([true, false]);
    await client.delete(`/api/v1/api-keys/${key}`).expect(200);
    expect(await askWith(key)).toBe(false);
  });

  test('returns the same 404 for a user of another company, a superuser and an unknown one; only customer may call it', async () => {
    const [{ user }, { user: other }] = [await auth.register(), await auth.register()];
    const company = user.business_id ?? '';
    const superuser = randomUUID();
    await superuserOf(superuser);
    const responses = [];
    for (const id of [other.id, superuser, randomUUID()]) {
      const { body } = await ask(company, id).expect(404);
      responses.push({ ...body, request_id: '', timestamp: '' });
    }
    expect(responses[1]).toEqual(responses[0]);
    expect(responses[2]).toEqual(responses[0]);
    await customer(company).get('/internal/privacy/users/me').expect(400);
    for (const program of ['interaction', 'favorites', 'product', 'gateway'] as const)
      await auth
        .callingService(program, { ...auth.company(), id: company })
        .get(`/internal/privacy/users/${user.id}`)
        .expect(403);
  });
});

const superuserOf = async (id: string) => {
  const name = `root-${id}`;
  const row = {
    id,
    username: name,
    email: `${name}@example.com`,
    first_name: name,
    role: 'superuser',
    password_hash: 'x',
  };
  await auth.database.owner('users').insert(row);
};

describe('an erased user', () => {
  test('leaves none of their data in any row and all data of others; an export made before holds everything', async () => {
    const admin = await auth.register();
    const company = admin.user.business_id ?? '';
    const person = await createPerson(admin);
    const others = [await createPerson(admin), await createPerson(await auth.register())];
    const otherRows = await rowsContaining(others.flatMap(traces));
    expect(otherRows.length).toBeGreaterThan(10);

    const adminAddress = '192.0.2.201';
    await admin.client
      .put(`/api/v1/users/${person.id}`, { role: 'manager' })
      .set('X-Client-Ip', adminAddress)
      .expect(200);
    expect(await rowsContaining([adminAddress])).toHaveLength(1);

    const document = await exported(personOf(company, person.id));
    const text = JSON.stringify(document).toLowerCase();
    const current = ['1', '2@', '3', '4 ', '6', '8', '10', '11', '12', '14@', '15'].map((n) => `${person.word}${n}`);
    const [, , elsewhere = ''] = person.addresses;
    for (const trace of [...current, person.digits, ...person.addresses]) expect(text).toContain(trace);
    expect(document.audit.filter(({ ip }) => ip === elsewhere)).toMatchObject([{ action: 'permission.refused' }]);
    for (const trace of [adminAddress, ...others.flatMap(traces)]) expect(text).not.toContain(trace);
    expect(document.user).toHaveLength(1);
    const entries = await auth.database
      .owner('audit_logs')
      .where({ resource_id: person.id })
      .orWhere({ actor_id: person.id });
    expect(document.audit.map(({ id }) => id).toSorted()).toEqual(entries.map(({ id }) => id).toSorted());
    const secret = await auth.database.owner('users').where({ id: person.id }).first('password_hash');
    expect(text).not.toContain(String(secret.password_hash).toLowerCase());
    expect(Object.keys({ ...document.user[0], ...document.sessions[0] })).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/hash|seed|search_text/)]),
    );

    const before = await auth.database.owner('audit_logs').where({ company_id: company }).orderBy('id');
    const report = await erase(personOf(company, person.id));
    expect(await rowsContaining(traces(person))).toEqual([]);
    expect(await rowsContaining(others.flatMap(traces))).toEqual(otherRows);

    // The audit log keeps every entry and loses the addresses only.
    const after = await auth.database.owner('audit_logs').where({ company_id: company }).orderBy('id');
    const isPersons = ({ actor_id, resource_id }: Row) => actor_id === person.id || resource_id === person.id;
    const expected = before.map((row: Row) => (isPersons(row) ? { ...row, ip: null } : row));
    expect(after.slice(0, before.length)).toEqual(expected);
    expect(after.slice(before.length)).toMatchObject([
      { actor_id: 'service:auth', action: 'user.erased', resource_type: 'user', resource_id: person.id, ip: null },
    ]);

    const addressed = (rows: Row[]) => rows.filter((row) => isPersons(row) && row['ip'] !== null).length;
    // A table has one line, whatever the number of its policies.
    const touched = (lines: readonly { table: string; rows: number }[]) => {
      expect(new Set(lines.map(({ table }) => table)).size).toBe(lines.length);
      return Object.fromEntries(lines.map(({ table, rows }) => [table, rows]));
    };
    expect(touched(report.erased)).toEqual({
      sign_in_networks: 1,
      sign_in_failures_by_network: 1,
      sign_in_failures: 1,
      mail_tokens: 1,
      mails: 1,
      totp_secrets: 1,
      recovery_codes: 1,
      mfa_challenges: 1,
      invitations: 1,
      identities: 1,
      oidc_codes: 1,
      users: 1,
    });
    expect(touched(report.anonymised)).toEqual({
      sessions: 1,
      api_keys: 0,
      audit_logs: addressed(before),
      idempotency_keys: 1,
    });
    expect(JSON.stringify(report)).not.toContain(person.word);
    expect(report.anonymised.find(({ table }) => table === 'audit_logs')?.columns).toEqual(['ip']);
  });

  test('is revoked at the gateway, published as deleted and no longer counted; repeating the erasure reports the same', async () => {
    const admin = await auth.register();
    const company = admin.user.business_id ?? '';
    const person = await createPerson(admin);
    const total = async () => (await admin.client.get(`/api/v1/companies/${company}`)).body.total_users as number;
    expect(await total()).toBe(2);
    const request_id = randomUUID();
    const report = await erase(personOf(company, person.id), request_id);

    const { sid } = jwt.decode(person.session.access_token) as { sid: string };
    const { body } = await auth.callingService('gateway').get('/internal/revocations').expect(200);
    expect(body.sessions.map((session: { sid: string }) => session.sid)).toContain(sid);
    const published = (await auth.events()).filter(({ company_id }) => company_id === company).slice(-2);
    expect(published).toMatchObject([
      { name: 'session.revoked', data: { user_id: person.id, sessions: 1 } },
      { name: 'user.deleted', data: { user_id: person.id, hard: true } },
    ]);
    expect(await total()).toBe(1);
    const storedCount = await auth.database.owner('user_counts').where({ company_id: company, role: 'viewer' }).first();
    expect(storedCount.users).toBe(0);

    expect(await erase(personOf(company, person.id), request_id)).toEqual(report);
    const repeated = await erase(personOf(company, person.id));
    expect([...repeated.erased, ...repeated.anonymised].map(({ rows }) => rows)).toEqual(
      [...report.erased, ...report.anonymised].map(() => 0),
    );
    expect((await auth.events('user.deleted')).filter(({ data }) => data['user_id'] === person.id)).toHaveLength(1);
    await admin.client.get(`/api/v1/users/${person.id}`).expect(404);
    expect(
      (await admin.client.post('/api/v1/users', person.body).set('Idempotency-Key', person.key).expect(404)).body,
    ).toMatchObject({ error_code: 'IDEMPOTENCY_ANSWER_ERASED' });
  });

  test('is counted exactly and published once when every transaction of the erasure is interrupted', async () => {
    const admin = await auth.register();
    const company = admin.user.business_id ?? '';
    const person = await createPerson(admin);
    const addressed = await auth.database
      .owner('audit_logs')
      .where({ company_id: company })
      .whereNotNull('ip')
      .where((entry) => void entry.where({ actor_id: person.id }).orWhere({ resource_id: person.id }));
    const request = { request_id: randomUUID(), person: personOf(company, person.id) };
    const { result, interruptions } = await runInterrupted(auth.database.db, (inTransaction) =>
      erasePerson(inTransaction, privacy, request),
    );
    expect(interruptions).toBeGreaterThan(6);
    expect(result.erased.map(({ table, rows }) => [table, rows])).toEqual([
      ['sign_in_networks', 1],
      ['sign_in_failures_by_network', 1],
      ['sign_in_failures', 1],
      ['mail_tokens', 1],
      ['mails', 1],
      ['totp_secrets', 1],
      ['recovery_codes', 1],
      ['mfa_challenges', 1],
      ['invitations', 1],
      ['identities', 1],
      ['oidc_codes', 1],
      ['users', 1],
    ]);
    expect(result.anonymised.map(({ table, rows }) => [table, rows])).toEqual([
      ['sessions', 1],
      ['api_keys', 0],
      ['audit_logs', addressed.length],
      ['idempotency_keys', 1],
    ]);
    expect(await rowsContaining(traces(person))).toEqual([]);
    for (const name of ['session.revoked', 'user.deleted'])
      expect((await auth.events(name)).filter(({ data }) => data['user_id'] === person.id)).toHaveLength(1);
  });

  test('stays erased when late requests arrive, and its e-mail becomes available', async () => {
    const admin = await auth.register();
    const company = admin.user.business_id ?? '';
    const person = await createPerson(admin);
    await erase(personOf(company, person.id));
    const ip = `198.51.100.${randomInt(1, 255)}`;
    const staleToken = auth.user('admin', { id: company }, person.id); // a token that is still valid for some seconds
    const sendFrom = (call: ReturnType<TestUser['get']>) => call.set({ 'X-Client-Ip': ip, 'User-Agent': person.word });
    await sendFrom(staleToken.patch('/auth/me', { name: person.word })).expect(401);
    await sendFrom(staleToken.get('/auth/me')).expect(401);
    await sendFrom(staleToken.post('/auth/logout-all')).expect(401);
    const passwords = { current_password: person.body.password, new_password: `pass-${randomUUID()}` };
    await sendFrom(staleToken.post('/auth/change-password', passwords)).expect(401);
    await sendFrom(auth.anonymous().post('/auth/refresh', { refresh_token: person.session.refresh_token })).expect(401);
    await sendFrom(person.client.get('/api/v1/users')).expect(403); // audited without the address
    await sendFrom(staleToken.put(`/api/v1/users/${admin.user.id}`, { role: 'viewer' })).expect(401);
    expect(await rowsContaining([person.word, person.digits, ...person.addresses, ip])).toEqual([]);

    await person.login(person.body.password, ip, 'x').expect(401);
    const { first_name, email, password } = person.body;
    await auth.anonymous().post('/auth/register', { email, password, first_name }).expect(201);
    await person.login(password, ip, 'x').expect(200);
  });

  test('leaves no address from a concurrent sign-in', async () => {
    const admin = await auth.register();
    const company = admin.user.business_id ?? '';
    const person = await createPerson(admin);
    const ip = `198.51.100.${randomInt(1, 255)}`;
    const { promise, resolve } = Promise.withResolvers<void>();
    gate.opened = promise;
    const attempts = [person.body.password, 'wrong'].map((password) => person.login(password, ip, person.word));
    const responses = Promise.all(attempts.map((call) => call.then(({ status }) => status)));
    await expect.poll(() => gate.waiting).toBe(2); // both have verified a hash that the erasure deletes
    await erase(personOf(company, person.id));
    resolve();
    expect(await responses).toEqual([401, 401]);
    expect(await rowsContaining(traces(person))).toEqual([]);
    const left = await auth.database.owner('audit_logs').where({ ip });
    expect(left.filter(({ resource_id, actor_id }) => resource_id ?? actor_id)).toEqual([]);
    expect(await auth.database.owner('sessions').where({ ip })).toEqual([]);
  });

  test('belongs to the requesting company: users of other companies and superusers are neither erased nor exported', async () => {
    const [mine, other] = [await auth.register(), await auth.register()];
    const person = await createPerson(other);
    const superuser = randomUUID();
    await superuserOf(superuser);
    const company = mine.user.business_id ?? '';
    const entry = {
      actor_id: superuser,
      action: 'tested',
      company_id: company,
      ip: '198.51.100.7',
      request_id: 'abcdefgh',
    };
    await auth.database.owner('audit_logs').insert({ ...entry, id: randomUUID() });
    const before = await dumpRows();
    for (const id of [person.id, superuser]) {
      expect(await exported(personOf(company, id))).toEqual({ user: [], sessions: [], audit: [] });
      const report = await erase(personOf(company, id));
      expect([...report.erased, ...report.anonymised].every(({ rows }) => rows === 0)).toBe(true);
    }
    const own = (row: string) => !/^(erasures|inbox_events) /.test(row);
    expect((await dumpRows()).filter(own).toSorted()).toEqual(before.filter(own).toSorted());
  });

  test('may be the last admin of the company, which then loses the default name derived from theirs', async () => {
    const founder = await auth.register({ name: `Z${randomUUID().slice(0, 8)} Founder` });
    const company = founder.user.business_id ?? '';
    const [name = ''] = founder.user.first_name.split(' ');
    expect((await rowsContaining([name])).some((row) => row.startsWith('companies '))).toBe(true);
    await erase(personOf(company, founder.user.id));
    expect(await rowsContaining([name, founder.email])).toEqual([]);
    const superuser = auth.user('superuser');
    const found = (await superuser.get(`/api/v1/companies/${company}`).expect(200)).body;
    expect(found).toMatchObject({ name: found.company_id, total_users: 0, status: 'active' });
    const next = {
      username: randomUUID(),
      email: founder.email,
      password: founder.password,
      first_name: 'Eva',
      last_name: 'X',
    };
    await superuser.post('/api/v1/users', { ...next, role: 'admin', company_id: company }).expect(201);
  });

  test('leaves no earlier name in the default company name; a chosen company name stays', async () => {
    const word = `Z${randomUUID().slice(0, 8)}`;
    const founder = await auth.register({ name: `${word}1 Founder` });
    const company = founder.user.business_id ?? '';
    const companyName = async () =>
      (await founder.client.get(`/api/v1/companies/${company}`).expect(200)).body.name as string;
    await founder.client.patch('/auth/me', { name: `${word}2 Founder` }).expect(200);
    expect(await companyName()).toBe(`${word}2 Founder's company`);
    await founder.client.put(`/api/v1/users/${founder.user.id}`, { first_name: `${word}3` }).expect(200);
    expect(await companyName()).toBe(`${word}3 Founder's company`);
    await erase(personOf(company, founder.user.id));
    expect(await rowsContaining([word])).toEqual([]);

    const name = `Bakery ${randomUUID()}`;
    const other = await auth.register({ company_name: name });
    await other.client.patch('/auth/me', { name: `${word}4 Founder` }).expect(200);
    await erase(personOf(other.user.business_id ?? '', other.user.id));
    expect((await rowsContaining([name, word])).map((row) => row.split(' ')[0])).toEqual(['companies']);
  });

  test('is erased from the audit log even when an admin had deleted the user before', async () => {
    const admin = await auth.register();
    const company = admin.user.business_id ?? '';
    const person = await createPerson(admin);
    await admin.client.delete(`/api/v1/users/${person.id}?hard_delete=true`).expect(200);
    const customer_id = randomUUID();
    await erase(personOf(company, person.id, { customer_id, customer_number: 10_000_000 }));
    expect(await rowsContaining(traces(person))).toEqual([]);
  });

  test('the audit log accepts no new address for an erased user', async () => {
    const { db } = auth.database;
    await expect(db.raw(`update audit_logs set ip = 'x'`)).rejects.toMatchObject({ code: '42501' });
    await expect(db.raw(`update audit_logs set action = action, ip = null`)).rejects.toMatchObject({ code: '42501' });
  });
});
