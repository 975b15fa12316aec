import { randomInt, randomUUID } from 'node:crypto';
import type { ErasureReport, Person } from '@clientela/contracts';
import type { TestUser } from '@clientela/testing';
import jwt from 'jsonwebtoken';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPasswords, type Passwords } from '../accounts/passwords.ts';
import { authUnderTest, type AuthUnderTest } from '../auth-under-test.ts';

let auth: AuthUnderTest;
/** Where passwords wait, when they have been compared. */
const gate = { opened: Promise.resolve(), waiting: 0 };
beforeAll(async () => {
  const real = createPasswords();
  const passwords: Passwords = {
    ...real,
    verify: async (...given) => {
      const verdict = await real.verify(...given);
      gate.waiting += 1;
      await gate.opened;
      gate.waiting -= 1;
      return verdict;
    },
  };
  auth = await authUnderTest({ pool: 5, passwords });
});
afterAll(() => auth.close());

type Row = Record<string, unknown>;
type Admin = Awaited<ReturnType<AuthUnderTest['registered']>>;

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
      const asked = { person, section: name, ...(after && { after }) };
      const { body } = await customer(person.company_id).post('/internal/privacy/export', asked).expect(200);
      rows.push(...(body.rows as Row[]));
      after = body.next as string | null;
    }
    return rows;
  };
  return { user: await section('user'), sessions: await section('sessions'), audit: await section('audit') };
}

/** Every row of every table, as text, by where it lies. */
async function everything(): Promise<string[]> {
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
const holding = async (texts: readonly string[]) => {
  const small = texts.map((text) => text.toLowerCase());
  return (await everything()).filter((row) => small.some((text) => row.toLowerCase().includes(text)));
};

/** Somebody who has left something of their own in every field that people or their clients write, and wherever they went. */
async function somebody({ user: admin, caller }: Admin) {
  const word = `z${randomUUID().slice(0, 8)}`;
  const digits = String(randomInt(10_000_000, 99_999_999));
  const own = (n: number) => `${word}${n}`;
  const addresses = Array.from({ length: 3 }, () => `198.${randomInt(18, 20)}.${randomInt(256)}.${randomInt(1, 255)}`);
  const [here = '', there = '', elsewhere = ''] = addresses;
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
  const made = await caller.post('/api/v1/users', body).set('Idempotency-Key', key).expect(201);
  const { id } = made.body as { id: string };
  const itself = auth.user('viewer', { id: admin.business_id ?? '' }, id);

  const login = (password: string, ip: string, device: string) =>
    auth
      .anonymous()
      .post('/auth/login', { email: body.email, password })
      .set({ 'X-Client-Ip': ip, 'User-Agent': device });
  const signed = (await login(body.password, here, `Browser/${own(8)}`).expect(200)).body;
  await login('wrong', there, `Other/${own(9)}`).expect(401);
  await auth.anonymous().post('/auth/refresh', { refresh_token: signed.refresh_token }).expect(200);
  await itself.patch('/auth/me', { name: `${own(3)} ${own(4)} ${own(10)}`, address: `Street ${own(11)}` }).expect(200);
  await itself.get('/api/v1/users').set('X-Client-Ip', elsewhere).expect(403);
  return { id, word, digits, addresses, body, key, made, itself, login, signed, admin };
}
type Somebody = Awaited<ReturnType<typeof somebody>>;
const traces = ({ word, digits, addresses }: Somebody) => [word, digits, ...addresses];

describe('what the customer service asks of a user', () => {
  const ask = (company_id: string, id: string) => customer(company_id).get(`/internal/privacy/users/${id}`);

  test('is whether it is the company’s, its role, and whether it is the last active admin', async () => {
    const { user, caller } = await auth.registered();
    const company = user.business_id ?? '';
    expect((await ask(company, user.id).expect(200)).body).toEqual({ id: user.id, role: 'admin', last_admin: true });
    const email = `${randomUUID()}@example.com`;
    const given = {
      username: randomUUID(),
      email,
      password: `pass-${randomUUID()}`,
      first_name: 'Eva',
      last_name: 'X',
    };
    const second = (await caller.post('/api/v1/users', { ...given, role: 'admin' }).expect(201)).body.id as string;
    for (const id of [user.id, second])
      expect((await ask(company, id).expect(200)).body).toEqual({ id, role: 'admin', last_admin: false });
    await caller.put(`/api/v1/users/${second}`, { active: false }).expect(200);
    expect((await ask(company, user.id).expect(200)).body.last_admin).toBe(true);
    expect((await ask(company, second).expect(200)).body.last_admin).toBe(false);
    await caller.put(`/api/v1/users/${second}`, { role: 'viewer' }).expect(200);
    expect((await ask(company, second).expect(200)).body).toEqual({ id: second, role: 'viewer', last_admin: false });
  });

  test('is the same 404 for another company’s, a superuser and an unknown one; and nobody else may ask', async () => {
    const [{ user }, { user: other }] = [await auth.registered(), await auth.registered()];
    const company = user.business_id ?? '';
    const superuser = randomUUID();
    await superuserOf(superuser);
    const answers = [];
    for (const id of [other.id, superuser, randomUUID()]) {
      const { body } = await ask(company, id).expect(404);
      answers.push({ ...body, request_id: '', timestamp: '' });
    }
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
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
  test('leaves nothing of their own in any row of any table, and others everything; an export before holds it all', async () => {
    const admin = await auth.registered();
    const company = admin.user.business_id ?? '';
    const person = await somebody(admin);
    const others = [await somebody(admin), await somebody(await auth.registered())];
    const kept = await holding(others.flatMap(traces));
    expect(kept.length).toBeGreaterThan(10);

    const admins = '192.0.2.201';
    await admin.caller.put(`/api/v1/users/${person.id}`, { role: 'manager' }).set('X-Client-Ip', admins).expect(200);
    expect(await holding([admins])).toHaveLength(1);

    const document = await exported(personOf(company, person.id));
    const text = JSON.stringify(document).toLowerCase();
    const current = ['1', '2@', '3', '4 ', '6', '8', '10', '11'].map((n) => `${person.word}${n}`);
    const [, , elsewhere = ''] = person.addresses;
    for (const trace of [...current, person.digits, ...person.addresses]) expect(text).toContain(trace);
    expect(document.audit.filter(({ ip }) => ip === elsewhere)).toMatchObject([{ action: 'permission.refused' }]);
    for (const trace of [admins, ...others.flatMap(traces)]) expect(text).not.toContain(trace);
    expect(document.user).toHaveLength(1);
    const told = await auth.database
      .owner('audit_logs')
      .where({ resource_id: person.id })
      .orWhere({ actor_id: person.id });
    expect(document.audit.map(({ id }) => id).toSorted()).toEqual(told.map(({ id }) => id).toSorted());
    const secret = await auth.database.owner('users').where({ id: person.id }).first('password_hash');
    expect(text).not.toContain(String(secret.password_hash).toLowerCase());
    expect(Object.keys({ ...document.user[0], ...document.sessions[0] })).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/hash|seed|searched/)]),
    );

    const before = await auth.database.owner('audit_logs').where({ company_id: company }).orderBy('id');
    const report = await erase(personOf(company, person.id));
    expect(await holding(traces(person))).toEqual([]);
    expect(await holding(others.flatMap(traces))).toEqual(kept);

    // The trail says all that it said, but from where.
    const after = await auth.database.owner('audit_logs').where({ company_id: company }).orderBy('id');
    const isPersons = ({ actor_id, resource_id }: Row) => actor_id === person.id || resource_id === person.id;
    const silent = before.map((row: Row) => (isPersons(row) ? { ...row, ip: null } : row));
    expect(after.slice(0, before.length)).toEqual(silent);
    expect(after.slice(before.length)).toMatchObject([
      { actor_id: 'service:auth', action: 'user.erased', resource_type: 'user', resource_id: person.id, ip: null },
    ]);

    const addressed = (rows: Row[]) => rows.filter((row) => isPersons(row) && row['ip'] !== null).length;
    const touched = (lines: readonly { table: string; rows: number }[]) =>
      Object.fromEntries(
        Map.groupBy(lines, ({ table }) => table)
          .entries()
          .map(([table, some]) => [table, some.reduce((sum, { rows }) => sum + rows, 0)]),
      );
    expect(touched(report.erased)).toEqual({
      sign_in_networks: 1,
      sign_in_failures_by_network: 1,
      sign_in_failures: 1,
      users: 1,
    });
    expect(touched(report.anonymised)).toEqual({
      sessions: 1,
      audit_logs: addressed(before),
      idempotency_keys: 1,
    });
    expect(JSON.stringify(report)).not.toContain(person.word);
    expect(report.anonymised.find(({ table }) => table === 'audit_logs')?.columns).toEqual(['ip']);
  });

  test('is refused at the gateway at once, said to be gone, and counted no more; asked again, it says the same', async () => {
    const admin = await auth.registered();
    const company = admin.user.business_id ?? '';
    const person = await somebody(admin);
    const total = async () => (await admin.caller.get(`/api/v1/companies/${company}`)).body.total_users as number;
    expect(await total()).toBe(2);
    const request_id = randomUUID();
    const report = await erase(personOf(company, person.id), request_id);

    const { sid } = jwt.decode(person.signed.access_token) as { sid: string };
    const { body } = await auth.callingService('gateway').get('/internal/revocations').expect(200);
    expect(body.sessions.map((session: { sid: string }) => session.sid)).toContain(sid);
    const about = (await auth.events()).filter(({ company_id }) => company_id === company).slice(-2);
    expect(about).toMatchObject([
      { name: 'session.revoked', data: { user_id: person.id, sessions: 1 } },
      { name: 'user.deleted', data: { user_id: person.id, hard: true } },
    ]);
    expect(await total()).toBe(1);
    const counted = await auth.database.owner('user_counts').where({ company_id: company, role: 'viewer' }).first();
    expect(counted.users).toBe(0);

    expect(await erase(personOf(company, person.id), request_id)).toEqual(report);
    const again = await erase(personOf(company, person.id));
    expect([...again.erased, ...again.anonymised].map(({ rows }) => rows)).toEqual(
      [...report.erased, ...report.anonymised].map(() => 0),
    );
    expect((await auth.events('user.deleted')).filter(({ data }) => data['user_id'] === person.id)).toHaveLength(1);
    await admin.caller.get(`/api/v1/users/${person.id}`).expect(404);
    expect(
      (await admin.caller.post('/api/v1/users', person.body).set('Idempotency-Key', person.key).expect(404)).body,
    ).toMatchObject({ error_code: 'IDEMPOTENCY_ANSWER_ERASED' });
  });

  test('brings nothing back by what comes late, and its address is free', async () => {
    const admin = await auth.registered();
    const company = admin.user.business_id ?? '';
    const person = await somebody(admin);
    await erase(personOf(company, person.id));
    const ip = `198.51.100.${randomInt(1, 255)}`;
    const late = auth.user('admin', { id: company }, person.id); // whatever its token says, for the seconds that it is good
    const from = (call: ReturnType<TestUser['get']>) => call.set({ 'X-Client-Ip': ip, 'User-Agent': person.word });
    await from(late.patch('/auth/me', { name: person.word })).expect(401);
    await from(late.get('/auth/me')).expect(401);
    await from(late.post('/auth/logout-all')).expect(200);
    const passwords = { current_password: person.body.password, new_password: `pass-${randomUUID()}` };
    await from(late.post('/auth/change-password', passwords)).expect((answer) =>
      expect([401, 422]).toContain(answer.status),
    );
    await from(auth.anonymous().post('/auth/refresh', { refresh_token: person.signed.refresh_token })).expect(401);
    await from(person.itself.get('/api/v1/users')).expect(403); // a line of the trail, without the address
    await from(late.put(`/api/v1/users/${admin.user.id}`, { role: 'viewer' })).expect(409);
    expect(await holding([person.word, person.digits, ...person.addresses, ip])).toEqual([]);

    await person.login(person.body.password, ip, 'x').expect(401);
    const { first_name, email, password } = person.body;
    await auth.anonymous().post('/auth/register', { email, password, first_name }).expect(201);
    await person.login(password, ip, 'x').expect(200);
  });

  test('leaves no address by a sign-in that was under way', async () => {
    const admin = await auth.registered();
    const company = admin.user.business_id ?? '';
    const person = await somebody(admin);
    const ip = `198.51.100.${randomInt(1, 255)}`;
    const { promise, resolve } = Promise.withResolvers<void>();
    gate.opened = promise;
    const tries = [person.body.password, 'wrong'].map((password) => person.login(password, ip, person.word));
    const answers = Promise.all(tries.map((call) => call.then(({ status }) => status)));
    await expect.poll(() => gate.waiting).toBe(2); // what they were compared with will not be there any more
    await erase(personOf(company, person.id));
    resolve();
    expect(await answers).toEqual([401, 401]);
    expect(await holding(traces(person))).toEqual([]);
    const left = await auth.database.owner('audit_logs').where({ ip });
    expect(left.filter(({ resource_id, actor_id }) => resource_id ?? actor_id)).toEqual([]);
    expect(await auth.database.owner('sessions').where({ ip })).toEqual([]);
  });

  test('is its company’s alone: another company’s user and a superuser are not touched, and not exported, by anybody’s id', async () => {
    const [mine, other] = [await auth.registered(), await auth.registered()];
    const person = await somebody(other);
    const superuser = randomUUID();
    await superuserOf(superuser);
    const company = mine.user.business_id ?? '';
    const acted = {
      actor_id: superuser,
      action: 'tested',
      company_id: company,
      ip: '198.51.100.7',
      request_id: 'abcdefgh',
    };
    await auth.database.owner('audit_logs').insert({ ...acted, id: randomUUID() });
    const before = await everything();
    for (const id of [person.id, superuser]) {
      expect(await exported(personOf(company, id))).toEqual({ user: [], sessions: [], audit: [] });
      const report = await erase(personOf(company, id));
      expect([...report.erased, ...report.anonymised].every(({ rows }) => rows === 0)).toBe(true);
    }
    const own = (row: string) => !/^(erasures|inbox_events) /.test(row);
    expect((await everything()).filter(own).toSorted()).toEqual(before.filter(own).toSorted());
  });

  test('may be the last admin of its company, which then waits for a superuser, and no longer bears its name', async () => {
    const founder = await auth.registered({ name: `Z${randomUUID().slice(0, 8)} Founder` });
    const company = founder.user.business_id ?? '';
    const [name = ''] = founder.user.first_name.split(' ');
    expect((await holding([name])).some((row) => row.startsWith('companies '))).toBe(true);
    await erase(personOf(company, founder.user.id));
    expect(await holding([name, founder.email])).toEqual([]);
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

  test('leaves none of its earlier names to its company, whoever changed them; a name that the company chose stays', async () => {
    const word = `Z${randomUUID().slice(0, 8)}`;
    const founder = await auth.registered({ name: `${word}1 Founder` });
    const company = founder.user.business_id ?? '';
    const called = async () =>
      (await founder.caller.get(`/api/v1/companies/${company}`).expect(200)).body.name as string;
    await founder.caller.patch('/auth/me', { name: `${word}2 Founder` }).expect(200);
    expect(await called()).toBe(`${word}2 Founder's company`);
    await founder.caller.put(`/api/v1/users/${founder.user.id}`, { first_name: `${word}3` }).expect(200);
    expect(await called()).toBe(`${word}3 Founder's company`);
    await erase(personOf(company, founder.user.id));
    expect(await holding([word])).toEqual([]);

    const name = `Bakery ${randomUUID()}`;
    const other = await auth.registered({ company_name: name });
    await other.caller.patch('/auth/me', { name: `${word}4 Founder` }).expect(200);
    await erase(personOf(other.user.business_id ?? '', other.user.id));
    expect((await holding([name, word])).map((row) => row.split(' ')[0])).toEqual(['companies']);
  });

  test('is forgotten too where an admin had removed the user before', async () => {
    const admin = await auth.registered();
    const company = admin.user.business_id ?? '';
    const person = await somebody(admin);
    await admin.caller.delete(`/api/v1/users/${person.id}?hard_delete=true`).expect(200);
    const customer_id = randomUUID();
    await erase(personOf(company, person.id, { customer_id, customer_number: 10_000_000 }));
    expect(await holding(traces(person))).toEqual([]);
  });

  test('takes no address that is not blank into the trail again', async () => {
    const { db } = auth.database;
    await expect(db.raw(`update audit_logs set ip = 'x'`)).rejects.toMatchObject({ code: '42501' });
    await expect(db.raw(`update audit_logs set action = action, ip = null`)).rejects.toMatchObject({ code: '42501' });
  });
});
