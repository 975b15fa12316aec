import { serviceTest } from '@clientela/testing';
import { randomUUID } from 'node:crypto';
import { permissionsOf } from '@clientela/contracts';
import { describe, expect } from 'vitest';
import { createTestAuth, testHashingCost, type TestAuth } from '../testing/test-auth.ts';
import { createPasswords } from './passwords.ts';

const test = serviceTest(() => createTestAuth({ passwords: createPasswords() }));

const register = (service: TestAuth, body: object, path = '/auth/register') => service.anonymous().post(path, body);
const newEmail = () => `${randomUUID()}@example.com`;
const password = 'correct horse battery';
const paths = (body: { errors: { path: string }[] }) => [...new Set(body.errors.map(({ path }) => path))].toSorted();

describe('registration', () => {
  test('creates a company with the user as its admin; the event omits personal data', async ({ service }) => {
    const email = `Ana.${randomUUID()}@example.com`;
    const { body } = await register(service, { email, password, name: 'Ana María Perez', phone: '600 123 123' }).expect(
      201,
    );
    expect(body).toEqual({
      message: 'User registered',
      user: {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        unique_id: expect.stringMatching(/^USER-\d{8,}$/),
        username: email.slice(0, 40),
        first_name: 'Ana',
        last_name: 'María Perez',
        email,
        phone: '+34600123123',
        address: null,
        number_document_identity: null,
        document_type: null,
        is_active: true,
        is_staff: true,
        is_superuser: false,
        company_id: expect.stringMatching(/^COMP-\d{3,}$/),
        business_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        role: 'admin',
        permissions: permissionsOf('admin'),
        last_login: null,
        email_verified_at: null,
        identities: [],
        date_joined: expect.any(String),
        created_at: expect.any(String),
        updated_at: expect.any(String),
        version: 1,
      },
    });
    expect(Number(body.user.unique_id.slice(5))).toBeGreaterThanOrEqual(10_000_000);

    const company = await service.database.owner('companies').where({ id: body.user.business_id }).first();
    expect(company).toMatchObject({
      company_id: body.user.company_id,
      company_key: body.user.company_id,
      name: "Ana María Perez's company",
      country: 'ES',
      currency: 'EUR',
      status: 'active',
      open_registration: false,
    });
    const event = (await service.events('user.registered')).at(-1);
    expect(event).toMatchObject({ company_id: company.id, actor_id: body.user.id, sequence: 1 });
    expect(event?.data).toEqual({ user_id: body.user.id, role: 'admin' });
    const stored = await service.database.owner('users').where({ id: body.user.id }).first();
    expect(stored).toMatchObject({
      phone_typed: '600 123 123',
      password_hash: expect.stringMatching(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/),
    });
  });

  test('accepts the field aliases of legacy clients, under both paths', async ({ service }) => {
    for (const path of ['/auth/register', '/api/auth/register', '/auth/register/']) {
      const email = newEmail();
      const { body } = await register(
        service,
        { ds_user: 'Nome', ds_user_email: email, password: 'segredo-123' },
        path,
      ).expect(201);
      expect(body.user).toMatchObject({ first_name: 'Nome', last_name: null, email, role: 'admin' });
    }
  });

  test('accepts split names, a username and a company name, or just e-mail and password', async ({ service }) => {
    const username = `ana_${randomUUID().slice(0, 8)}`;
    const complete = {
      email: newEmail(),
      password,
      first_name: 'Ana',
      last_name: 'Perez',
      username,
      company_name: 'Shop & Co',
    };
    const { body } = await register(service, complete).expect(201);
    expect(body.user).toMatchObject({ first_name: 'Ana', last_name: 'Perez', username });
    expect(await service.database.owner('companies').where({ id: body.user.business_id }).first()).toMatchObject({
      name: 'Shop & Co',
    });

    const minimal = await register(service, { email: 'jo@example.com', password }).expect(201);
    expect(minimal.body.user).toMatchObject({ first_name: 'jo', last_name: null, username: 'user' });
  });

  test('appends a suffix to a suggested username that is taken in any case', async ({ service }) => {
    const name = `dup${randomUUID().slice(0, 8)}`;
    const first = await register(service, { email: `${name}@example.com`, password }).expect(201);
    const second = await register(service, { email: `${name.toUpperCase()}@example.org`, password }).expect(201);
    expect(first.body.user.username).toBe(name);
    expect(second.body.user.username).toMatch(new RegExp(`^${name.toUpperCase()}-[0-9a-f]{8}$`));
  });
});

describe('rejections', () => {
  test('rejects a duplicate e-mail or username with a 409 that reveals nothing of its owner and stores nothing', async ({
    service,
  }) => {
    const username = `u${randomUUID().slice(0, 8)}`;
    const { user } = await service.register({ email: `${username}@example.com`, username });
    const before = await counts(service);
    const email = await register(service, { email: user.email.toUpperCase(), password }).expect(409);
    expect(email.body).toMatchObject({ error_code: 'USER_EMAIL_TAKEN', errors: [{ path: 'email' }] });
    const byUsername = await register(service, {
      email: newEmail(),
      password,
      username: username.toUpperCase(),
    }).expect(409);
    expect(byUsername.body).toMatchObject({ error_code: 'USER_USERNAME_TAKEN', errors: [{ path: 'username' }] });
    for (const { body } of [email, byUsername]) {
      expect(body).not.toHaveProperty('existing');
      expect(JSON.stringify(body)).not.toContain(user.id);
    }
    expect(await counts(service)).toEqual(before);
  });

  test('rejects closed and unknown companies with the same response', async ({ service }) => {
    const { user } = await service.register();
    const strip = ({ body }: { body: object }) => ({ ...body, timestamp: '', request_id: '' });
    const join = (company_id: string) => register(service, { email: newEmail(), password, company_id }).expect(403);
    const closed = await join(user.business_id ?? '');
    expect(closed.body.error_code).toBe('REGISTRATION_CLOSED');
    for (const company_id of [user.company_id ?? '', randomUUID(), 'COMP-999999']) {
      expect(strip(await join(company_id))).toEqual(strip(closed));
    }
    const malformed = await register(service, { email: newEmail(), password, company_id: 'no company!' }).expect(422);
    expect(paths(malformed.body)).toEqual(['company_id']);
  });

  test('names a role, an unknown field and every other invalid field', async ({ service }) => {
    const invalid = {
      email: 'nobody',
      password: 'short',
      role: 'superuser',
      is_superuser: true,
      username: 'a b',
      phone: '1',
      name: 'a\u0000b',
    };
    const { body } = await register(service, invalid).expect(422);
    expect(paths(body)).toEqual(['email', 'is_superuser', 'name', 'password', 'phone', 'role', 'username']);
    expect(paths((await register(service, {}).expect(422)).body)).toEqual(['email', 'password']);
  });

  test('rejects two aliases of one field', async ({ service }) => {
    const { body } = await register(service, {
      email: newEmail(),
      ds_user_email: newEmail(),
      password,
      name: 'Ana',
      ds_user: 'Ana',
      last_name: 'Perez',
    }).expect(422);
    expect(paths(body)).toEqual(['ds_user', 'ds_user_email', 'last_name']);
  });

  test('counts a password in characters, and rejects the name and the e-mail as password', async ({ service }) => {
    const email = newEmail();
    const expectRejected = async (input: object) =>
      expect(paths((await register(service, { email, ...input }).expect(422)).body)).toEqual(['password']);
    await expectRejected({ password: '🔑'.repeat(7) });
    await expectRejected({ password: 'x'.repeat(129) });
    await expectRejected({ password: 'tab\tand null\u0000' });
    await expectRejected({ password: 'lone surrogate \ud800' });
    await expectRejected({ password: 12345678 });
    await expectRejected({ password: email.toUpperCase() });
    await expectRejected({ password: 'ana maria perez', name: 'Ana  Maria Perez' });
    await register(service, { email, password: ' 🔑'.repeat(64) }).expect(201);
  });

  test('rejects bodies that are not a JSON object', async ({ service }) => {
    const send = async (text: string, type = 'application/json') =>
      (await service.anonymous().post('/auth/register').set('Content-Type', type).send(text)).status;
    expect(await send('{"email":')).toBe(400);
    expect(await send('hello', 'text/plain')).toBe(415);
    for (const text of ['[]', '["x"]', 'null', '1', '"text"', '{"__proto__":{"role":"admin"}}']) {
      expect({ text, status: await send(text) }).toEqual({ text, status: 422 });
    }
    expect((await service.anonymous().get('/auth/register')).headers['allow']).toBe('POST');
  });
});

test('of twenty concurrent registrations with one e-mail, one succeeds', async () => {
  const real = createPasswords({ cost: testHashingCost });
  let hashed = 0;
  const all = Promise.withResolvers<void>();
  const pooled = await createTestAuth({
    pool: 10,
    passwords: {
      ...real,
      hash: async (plain) => {
        const hash = await real.hash(plain);
        if ((hashed += 1) === 20) all.resolve();
        await all.promise; // lets all inserts run concurrently
        return hash;
      },
    },
  });
  try {
    const body = { email: 'same@example.com', password, name: 'Same' };
    const responses = await Promise.all(
      Array.from({ length: 20 }, () => pooled.anonymous().post('/auth/register', body)),
    );
    expect(responses.map(({ status }) => String(status)).toSorted()).toEqual([
      '201',
      ...Array.from({ length: 19 }, () => '409'),
    ]);
    expect(new Set(responses.filter(({ status }) => status === 409).map(({ body }) => body.error_code))).toEqual(
      new Set(['USER_EMAIL_TAKEN']),
    );
    expect(await pooled.database.owner('companies').count({ n: '*' }).first()).toEqual({ n: 1 });
    expect(await pooled.events('user.registered')).toHaveLength(1);
  } finally {
    await pooled.close();
  }
});

async function counts(service: TestAuth) {
  const { owner } = service.database;
  const count = (table: string) => owner(table).count({ n: '*' }).first();
  return Promise.all(['users', 'companies', 'outbox_events', 'sessions'].map(count));
}
