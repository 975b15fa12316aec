import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { authUnderTest, type AuthUnderTest } from '../auth-under-test.ts';
import { createPasswords } from './passwords.ts';

let auth: AuthUnderTest;

beforeAll(async () => {
  auth = await authUnderTest();
});
afterAll(() => auth.close());

const register = (body: object, path = '/auth/register') => auth.anonymous().post(path, body);
const newEmail = () => `${randomUUID()}@example.com`;
const password = 'correct horse battery';
const paths = (body: { errors: { path: string }[] }) => [...new Set(body.errors.map(({ path }) => path))].toSorted();

describe('registering', () => {
  test('founds a company, makes the user its admin, and says so without a personal datum', async () => {
    const email = `Ana.${randomUUID()}@example.com`;
    const { body } = await register({ email, password, name: 'Ana María Perez', phone: '600 123 123' }).expect(201);
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
        last_login: null,
        date_joined: expect.any(String),
        created_at: expect.any(String),
        updated_at: expect.any(String),
      },
    });
    expect(Number(body.user.unique_id.slice(5))).toBeGreaterThanOrEqual(10_000_000);

    const company = await auth.database.owner('companies').where({ id: body.user.business_id }).first();
    expect(company).toMatchObject({
      company_id: body.user.company_id,
      company_key: body.user.company_id,
      name: "Ana María Perez's company",
      country: 'ES',
      currency: 'EUR',
      status: 'active',
      open_registration: false,
    });
    const said = (await auth.events('user.registered')).at(-1);
    expect(said).toMatchObject({ company_id: company.id, actor_id: body.user.id, sequence: 1 });
    expect(said?.data).toEqual({ user_id: body.user.id, role: 'admin' });
    const kept = await auth.database.owner('users').where({ id: body.user.id }).first();
    expect(kept).toMatchObject({
      phone_typed: '600 123 123',
      password_hash: expect.stringMatching(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/),
    });
  });

  test('takes the body that CRM Finance sends, under both paths', async () => {
    for (const path of ['/auth/register', '/api/auth/register', '/auth/register/']) {
      const email = newEmail();
      const { body } = await register({ ds_user: 'Nome', ds_user_email: email, password: 'segredo-123' }, path).expect(
        201,
      );
      expect(body.user).toMatchObject({ first_name: 'Nome', last_name: null, email, role: 'admin' });
    }
  });

  test('takes names in two pieces, a username and a name for the company; or nothing but e-mail and password', async () => {
    const username = `ana_${randomUUID().slice(0, 8)}`;
    const whole = {
      email: newEmail(),
      password,
      first_name: 'Ana',
      last_name: 'Perez',
      username,
      company_name: 'Shop & Co',
    };
    const { body } = await register(whole).expect(201);
    expect(body.user).toMatchObject({ first_name: 'Ana', last_name: 'Perez', username });
    expect(await auth.database.owner('companies').where({ id: body.user.business_id }).first()).toMatchObject({
      name: 'Shop & Co',
    });

    const bare = await register({ email: 'jo@example.com', password }).expect(201);
    expect(bare.body.user).toMatchObject({ first_name: 'jo', last_name: null, username: 'user' });
  });

  test('gives a suggested username a suffix when somebody has it, in whatever case', async () => {
    const name = `dup${randomUUID().slice(0, 8)}`;
    const first = await register({ email: `${name}@example.com`, password }).expect(201);
    const second = await register({ email: `${name.toUpperCase()}@example.org`, password }).expect(201);
    expect(first.body.user.username).toBe(name);
    expect(second.body.user.username).toMatch(new RegExp(`^${name.toUpperCase()}-[0-9a-f]{8}$`));
  });
});

describe('refusals', () => {
  test('a known e-mail or username is a 409 that shows nothing of whose it is, and leaves nothing behind', async () => {
    const username = `u${randomUUID().slice(0, 8)}`;
    const { user } = await auth.registered({ email: `${username}@example.com`, username });
    const before = await counts();
    const email = await register({ email: user.email.toUpperCase(), password }).expect(409);
    expect(email.body).toMatchObject({ error_code: 'USER_EMAIL_TAKEN', errors: [{ path: 'email' }] });
    const named = await register({ email: newEmail(), password, username: username.toUpperCase() }).expect(409);
    expect(named.body).toMatchObject({ error_code: 'USER_USERNAME_TAKEN', errors: [{ path: 'username' }] });
    for (const { body } of [email, named]) {
      expect(body).not.toHaveProperty('existing');
      expect(JSON.stringify(body)).not.toContain(user.id);
    }
    expect(await counts()).toEqual(before);
  });

  test('another’s company takes nobody: closed, unknown and by key alike', async () => {
    const { user } = await auth.registered();
    const strip = ({ body }: { body: object }) => ({ ...body, timestamp: '', request_id: '' });
    const join = (company_id: string) => register({ email: newEmail(), password, company_id }).expect(403);
    const closed = await join(user.business_id ?? '');
    expect(closed.body.error_code).toBe('REGISTRATION_CLOSED');
    for (const company_id of [user.company_id ?? '', randomUUID(), 'COMP-999999']) {
      expect(strip(await join(company_id))).toEqual(strip(closed));
    }
    const malformed = await register({ email: newEmail(), password, company_id: 'no company!' }).expect(422);
    expect(paths(malformed.body)).toEqual(['company_id']);
  });

  test('a role, an unknown field, and every other bad field are named', async () => {
    const bad = {
      email: 'nobody',
      password: 'short',
      role: 'superuser',
      is_superuser: true,
      username: 'a b',
      phone: '1',
      name: 'a\u0000b',
    };
    const { body } = await register(bad).expect(422);
    expect(paths(body)).toEqual(['email', 'is_superuser', 'name', 'password', 'phone', 'role', 'username']);
    expect(paths((await register({}).expect(422)).body)).toEqual(['email', 'password']);
  });

  test('two spellings of one field at once are one too many', async () => {
    const { body } = await register({
      email: newEmail(),
      ds_user_email: newEmail(),
      password,
      name: 'Ana',
      ds_user: 'Ana',
      last_name: 'Perez',
    }).expect(422);
    expect(paths(body)).toEqual(['ds_user', 'ds_user_email', 'last_name']);
  });

  test('a password counts characters, not bytes, and is neither name nor e-mail', async () => {
    const email = newEmail();
    const refused = async (given: object) =>
      expect(paths((await register({ email, ...given }).expect(422)).body)).toEqual(['password']);
    await refused({ password: '🔑'.repeat(7) });
    await refused({ password: 'x'.repeat(129) });
    await refused({ password: 'tab\tand null\u0000' });
    await refused({ password: 'lone surrogate \ud800' });
    await refused({ password: 12345678 });
    await refused({ password: email.toUpperCase() });
    await refused({ password: 'ana maria perez', name: 'Ana  Maria Perez' });
    await register({ email, password: ' 🔑'.repeat(64) }).expect(201);
  });

  test('what is no JSON object is refused', async () => {
    const send = async (text: string, type = 'application/json') =>
      (await auth.anonymous().post('/auth/register').set('Content-Type', type).send(text)).status;
    expect(await send('{"email":')).toBe(400);
    expect(await send('hello', 'text/plain')).toBe(415);
    for (const text of ['[]', '["x"]', 'null', '1', '"text"', '{"__proto__":{"role":"admin"}}']) {
      expect({ text, status: await send(text) }).toEqual({ text, status: 422 });
    }
    expect((await auth.anonymous().get('/auth/register')).headers['allow']).toBe('POST');
  });
});

test('of twenty equal registrations at the same moment one wins', async () => {
  const real = createPasswords();
  let hashed = 0;
  const all = Promise.withResolvers<void>();
  const crowd = await authUnderTest({
    pool: 10,
    passwords: {
      ...real,
      hash: async (plain) => {
        const hash = await real.hash(plain);
        if ((hashed += 1) === 20) all.resolve();
        await all.promise; // so that all of them reach the database together
        return hash;
      },
    },
  });
  try {
    const body = { email: 'same@example.com', password, name: 'Same' };
    const answers = await Promise.all(Array.from({ length: 20 }, () => crowd.anonymous().post('/auth/register', body)));
    expect(answers.map(({ status }) => String(status)).toSorted()).toEqual([
      '201',
      ...Array.from({ length: 19 }, () => '409'),
    ]);
    expect(new Set(answers.filter(({ status }) => status === 409).map(({ body }) => body.error_code))).toEqual(
      new Set(['USER_EMAIL_TAKEN']),
    );
    expect(await crowd.database.owner('companies').count({ n: '*' }).first()).toEqual({ n: 1 });
    expect(await crowd.events('user.registered')).toHaveLength(1);
  } finally {
    await crowd.close();
  }
});

async function counts() {
  const { owner } = auth.database;
  const count = (table: string) => owner(table).count({ n: '*' }).first();
  return Promise.all(['users', 'companies', 'outbox_events', 'sessions'].map(count));
}
