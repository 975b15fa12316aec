import { describe, expect } from 'vitest';
import { linkOf, tokenOf, type TestUser } from '@clientela/testing';
import { mailTest } from '../testing/mail-test.ts';
import type { RegisteredUser, TestAuth } from '../testing/test-auth.ts';

const test = mailTest({ pool: 4 }).extend('ana', ({ service }) => service.register({ company_name: 'Ana <b>Ltd</b>' }));
const path = '/api/v1/invitations';
const newEmail = () => `${crypto.randomUUID()}@example.com`;
const password = 'correct horse battery';
const accept = (service: TestAuth, body: object) => service.anonymous().post('/auth/invitations/accept', body);
const lookUp = (service: TestAuth, token: string) => service.anonymous().post('/auth/invitations/look-up', { token });
const invite = async ({ client }: Pick<RegisteredUser, 'client'>, body: object = {}) =>
  (await client.post(path, { email: newEmail(), role: 'viewer', ...body }).expect(201)).body.invitation;
const statusOf = async ({ client }: Pick<RegisteredUser, 'client'>, id: string) =>
  (await client.get(path).expect(200)).body.invitations.find((one: { id: string }) => one.id === id)?.status;

const isStoredAsRevoked = async ({ database }: TestAuth, id: string): Promise<boolean> =>
  (await database.owner('invitations').where({ id }).whereNotNull('revoked_at')).length > 0;

const age = ({ database }: TestAuth, email: string) =>
  database.owner('invitations').whereRaw('email_key = lower(?)', [email]).update({ sent_at: '2026-01-01' });

/** A colleague of a founder. */
async function colleague(service: TestAuth, { client, user }: RegisteredUser, role: 'admin' | 'manager') {
  const body = { email: newEmail(), password, role, first_name: 'Bob' };
  const { id } = (await client.post('/api/v1/users', body).expect(201)).body as { id: string };
  return { id, client: service.user(role, { id: user.business_id ?? '' }, id) };
}

describe('an invitation', () => {
  test('brings a person into the company by the link of its mail', async ({ service, mail, ana }) => {
    const email = newEmail();
    const { body } = await ana.client
      .post(path, { email, role: 'Manager', name: 'Carla Pérez', language: 'PT' })
      .expect(201);
    expect(body).toEqual({
      message: 'Invitation sent',
      invitation: {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        email,
        role: 'manager',
        name: 'Carla Pérez',
        language: 'pt',
        company_id: ana.user.company_id,
        business_id: ana.user.business_id,
        status: 'sent',
        expires_at: expect.stringMatching(/Z$/),
        invited_by: ana.user.id,
        created_at: expect.stringMatching(/Z$/),
        version: 1,
      },
    });
    const { id } = body.invitation;
    expect(Date.parse(body.invitation.expires_at) - Date.now()).toBeCloseTo(7 * 86_400_000, -5);
    const received = await mail.mailTo(email);
    expect(received.subject).toBe('Convite para participar em Ana <b>Ltd</b>');
    expect(received.html).toContain('Ana &lt;b&gt;Ltd&lt;/b&gt;');
    expect(linkOf(received).pathname).toBe('/console/invite');
    const token = tokenOf(received);
    const preview = { company_name: 'Ana <b>Ltd</b>', role: 'manager', email, name: 'Carla Pérez' };
    for (const _ of [1, 2]) await lookUp(service, token).expect(200, preview);
    expect(await statusOf(ana, id)).toBe('opened');
    expect((await accept(service, { token, password: email }).expect(422)).body.errors).toMatchObject([
      { path: 'password' },
    ]);
    const acceptance = accept(service, { token, name: 'Carla Paz', password }).set('X-Client-Ip', '192.0.2.8');
    const accepted = (await acceptance.expect(200)).body;
    expect(accepted.user).toMatchObject({
      email,
      role: 'manager',
      first_name: 'Carla',
      last_name: 'Paz',
      company_id: ana.user.company_id,
      email_verified_at: expect.stringMatching(/Z$/),
      last_login: expect.stringMatching(/Z$/),
    });
    expect(accepted).toMatchObject({ token_type: 'Bearer', access_token: expect.any(String) });
    await service.anonymous().post('/auth/refresh', { refresh_token: accepted.refresh_token }).expect(200);
    expect(await statusOf(ana, id)).toBe('accepted');
    for (const again of [accept(service, { token, password }), lookUp(service, token)])
      expect((await again.expect(422)).body.error_code).toBe('TOKEN_INVALID');
    const { body: audit } = await ana.client.get('/api/v1/audit-logs?resource=invitation').expect(200);
    expect(audit.audit_logs).toMatchObject([
      { action: 'invitation.accepted', actor_id: accepted.user.id, ip: '192.0.2.8' },
      { action: 'invitation.created', actor_id: ana.user.id, ip: '192.0.2.7' },
    ]);
    expect((await service.events('user.registered')).at(-1)?.data).toEqual({
      user_id: accepted.user.id,
      role: 'manager',
    });
  });

  test('of two tabs one accepts', async ({ service, mail, ana }) => {
    const { email } = await invite(ana);
    const token = tokenOf(await mail.mailTo(email));
    const both = [1, 2].map(async () => (await accept(service, { token, name: 'Carla', password })).status);
    expect((await Promise.all(both)).toSorted()).toEqual([200, 422]);
  });

  test('is replaced by a newer one and by a resend, and can be revoked', async ({ service, mail, ana }) => {
    const first = await invite(ana);
    const firstToken = tokenOf(await mail.mailTo(first.email));
    await age(service, first.email);
    const second = await invite(ana, { email: first.email.toUpperCase() });
    expect(await statusOf(ana, first.id)).toBe('revoked');
    await lookUp(service, firstToken).expect(422);
    const token = tokenOf((await mail.deliver())[0] as never);
    const resend = () => ana.client.post(`${path}/${second.id}/resend`);
    const tooSoon = await resend().expect(429);
    expect(tooSoon.body.detail).toMatch(
      /^An invitation was sent to this address within the last minute; retry in \d+ s$/,
    );
    expect(Number(tooSoon.headers['retry-after'])).toBeGreaterThan(50);
    await service.database
      .owner('invitations')
      .where({ id: second.id })
      .update({ sent_at: '2026-01-01', expires_at: '2026-01-01' });
    expect(await statusOf(ana, second.id)).toBe('expired');
    expect((await resend().expect(200)).body.invitation).toMatchObject({ status: 'sent', version: 2 });
    await lookUp(service, token).expect(422);
    const newest = tokenOf((await mail.deliver())[0] as never);
    await lookUp(service, newest).expect(200);
    for (const _ of [1, 2])
      await ana.client.delete(`${path}/${second.id}`).expect(200, { message: 'Invitation revoked' });
    const entries = service.database.owner('audit_logs').where({ resource_id: second.id }).orderBy('id');
    expect(await entries.pluck('action')).toEqual(['invitation.created', 'invitation.resent', 'invitation.revoked']);
    await accept(service, { token: newest, name: 'Carla', password }).expect(422);
    expect((await resend().expect(409)).body.error_code).toBe('INVITATION_ENDED');
  });

  test('of an address is sent at most once a minute, and a company sends at most 300 an hour', async ({
    service,
    ana,
    superuser,
  }) => {
    const email = newEmail();
    const post = (address: string) => ana.client.post(path, { email: address, role: 'viewer' });
    // A superuser's requests wait for those of the company.
    const bySuperuser = { email: email.toUpperCase(), role: 'viewer', company_id: ana.user.company_id };
    const all = await Promise.all([post(email), superuser.post(path, bySuperuser), post(email)]);
    expect(all.map(({ status }) => status).toSorted()).toEqual([201, 429, 429]);
    const id = all.find(({ status }) => status === 201)?.body.invitation.id;
    await ana.client.delete(`${path}/${id}`).expect(200);
    expect(Number((await post(email).expect(429)).headers['retry-after'])).toBeGreaterThan(50);
    await service.register().then((other) => invite(other, { email })); // another company
    await age(service, email);
    await post(email).expect(201);

    const { owner } = service.database;
    await owner.raw(
      `insert into invitations (id, company_id, email, role, language, expires_at, revoked_at, created_at)
        select gen_random_uuid(), ?, 'x' || n || '@example.com', 'viewer', 'en', now(), now(), now() - interval '30 minutes'
          from generate_series(1, 298) n`,
      [ana.user.business_id],
    );
    const limited = await post(newEmail()).expect(429);
    expect(Number(limited.headers['retry-after'])).toBeGreaterThan(1700);
    await owner('invitations').where({ language: 'en' }).update({ created_at: '2026-01-01' });
    await post(newEmail()).expect(201);
  });

  test('goes with the user who accepted it, and so do those that it replaced', async ({ service, mail, ana }) => {
    const { email } = await invite(ana, { name: 'Carla Pérez' });
    await mail.deliver();
    await age(service, email);
    await invite(ana, { email });
    const token = tokenOf((await mail.deliver())[0] as never);
    const { user } = (await accept(service, { token, name: 'Carla', password }).expect(200)).body;
    const stored = () => service.database.owner('invitations').where({ email }).select('user_id');
    expect(await stored()).toEqual([{ user_id: user.id }, { user_id: user.id }]);
    await ana.client.delete(`/api/v1/users/${user.id}?hard_delete=true`).expect(200);
    expect(await stored()).toEqual([]);
  });

  test('goes with a user who got its address in another way, whether it was pending, expired or revoked', async ({
    service,
    ana,
  }) => {
    const stored = (email: string) => service.database.owner('invitations').whereRaw('email_key = lower(?)', [email]);
    const join = {
      registration: (email: string) => service.register({ email, company_id: ana.user.company_id }),
      creation: (email: string) =>
        ana.client.post('/api/v1/users', { email, password, first_name: 'Bob', role: 'viewer' }).expect(201),
      change: async (email: string) => {
        const { id } = await colleague(service, ana, 'manager');
        await ana.client.put(`/api/v1/users/${id}`, { email }).expect(200);
      },
    };
    await ana.client.put(`/api/v1/companies/${ana.user.company_id}`, { open_registration: true }).expect(200);
    const other = await service.register();
    for (const [name, act] of Object.entries(join)) {
      const email = newEmail();
      const first = await invite(ana, { email, name: 'Carla Pérez' });
      await ana.client.delete(`${path}/${first.id}`).expect(200);
      await age(service, email);
      await invite(ana, { email });
      if (name === 'creation') await stored(email).update({ expires_at: '2026-01-01' });
      const elsewhere = await invite(other, { email });
      await act(email.toUpperCase());
      const user = await service.database.owner('users').whereRaw('email_key = lower(?)', [email]).first();
      expect(await stored(email).whereNot({ id: elsewhere.id }).pluck('user_id')).toEqual([user.id, user.id]);
      await ana.client.delete(`/api/v1/users/${user.id}?hard_delete=true`).expect(200);
      expect(await stored(email).pluck('id')).toEqual([elsewhere.id]); // of another company, which knows no user
    }
  });

  test('ends when who made it loses the right or is gone', async ({ service, mail, ana }) => {
    const losses: Record<string, (bob: { id: string; client: TestUser }) => PromiseLike<unknown>> = {
      demoted: ({ id }) => ana.client.put(`/api/v1/users/${id}`, { role: 'viewer' }).expect(200),
      deactivated: ({ id }) => ana.client.delete(`/api/v1/users/${id}`).expect(200),
      deleted: ({ id }) => ana.client.delete(`/api/v1/users/${id}?hard_delete=true`).expect(200),
    };
    for (const lose of Object.values(losses)) {
      const bob = await colleague(service, ana, 'admin');
      const { id, email } = await invite(bob);
      const token = tokenOf(await mail.mailTo(email));
      await lose(bob);
      expect(await statusOf(ana, id)).toBe('revoked');
      expect(await isStoredAsRevoked(service, id)).toBe(true);
      await lookUp(service, token).expect(422);
      await accept(service, { token, name: 'Carla', password }).expect(422);
    }
  });

  test('that ended by a lost right or a taken address stays revoked when the right or the address is free again', async ({
    service,
    mail,
    ana,
  }) => {
    const bob = await colleague(service, ana, 'admin');
    const [byBob, byAna] = [await invite(bob), await invite(ana)];
    const untouched = await invite(ana);
    const token = tokenOf(await mail.mailTo(byBob.email));
    const putBob = (role: string) => ana.client.put(`/api/v1/users/${bob.id}`, { role }).expect(200);
    await putBob('manager');
    await putBob('admin');
    const carla = await service.register({ email: byAna.email.toUpperCase() });
    const change = { email: newEmail() };
    await service.user('superuser').put(`/api/v1/users/${carla.user.id}`, change).expect(200);
    for (const { id } of [byBob, byAna]) {
      expect(await statusOf(ana, id)).toBe('revoked');
      const entries = service.database.owner('audit_logs').where({ resource_id: id, action: 'invitation.revoked' });
      expect(await entries).toHaveLength(1);
    }
    await accept(service, { token, name: 'Carla', password }).expect(422);
    expect(await statusOf(ana, untouched.id)).toBe('sent');
  });

  test('and another one of the address into another company, accepted at once, make one user', async ({
    service,
    mail,
    ana,
  }) => {
    const other = await service.register();
    const { email, id } = await invite(ana);
    const second = await invite(other, { email });
    const tokens = (await mail.deliver()).filter(({ recipients }) => recipients.includes(email)).map(tokenOf);
    const all = await Promise.all(tokens.map((token) => accept(service, { token, name: 'Carla', password })));
    // The second one finds the address taken, or already its invitation revoked, when the first one was faster.
    const [accepted, rejected] = all.map(({ status }) => status).toSorted((a, b) => a - b);
    expect(accepted).toBe(200);
    expect([409, 422]).toContain(rejected);
    const statuses = [await statusOf(ana, id), await statusOf(other, second.id)];
    expect(statuses.toSorted()).toEqual(['accepted', 'revoked']);
  });

  test('of which the end is found out only later is revoked then, in a transaction of its own', async ({
    service,
    mail,
    ana,
  }) => {
    const { owner } = service.database;
    for (const [status, touch] of [
      [422, (token: string) => lookUp(service, token)],
      [409, (token: string) => accept(service, { token, name: 'Carla', password })],
      [409, (_token: string, id: string) => ana.client.post(`${path}/${id}/resend`)],
    ] as const) {
      const { id, email } = await invite(ana);
      const token = tokenOf(await mail.mailTo(email));
      // As if it was made at the same moment: neither transaction saw the other.
      await owner('users')
        .where({ id: (await service.register()).user.id })
        .update({ email });
      expect(await isStoredAsRevoked(service, id)).toBe(false);
      for (const _ of [1, 2]) await touch(token, id).expect(status);
      expect(await isStoredAsRevoked(service, id)).toBe(true);
    }
  });

  test('is a 409 for a known address, now and at acceptance', async ({ service, mail, ana }) => {
    const known = await ana.client.post(path, { email: ana.email.toUpperCase(), role: 'viewer' }).expect(409);
    expect(known.body).toMatchObject({ error_code: 'USER_EMAIL_TAKEN', existing: { id: ana.user.id } });
    const stranger = await service.register();
    expect(
      (await ana.client.post(path, { email: stranger.email, role: 'viewer' }).expect(409)).body.existing,
    ).toBeUndefined();
    const { id, email } = await invite(ana);
    const token = tokenOf(await mail.mailTo(email));
    await service.register({ email });
    expect((await accept(service, { token, name: 'Carla', password }).expect(409)).body.error_code).toBe(
      'USER_EMAIL_TAKEN',
    );
    expect(await statusOf(ana, id)).toBe('revoked');
    expect(await isStoredAsRevoked(service, id)).toBe(true);
    expect((await ana.client.post(`${path}/${id}/resend`).expect(409)).body.error_code).toBe('USER_EMAIL_TAKEN');
  });

  test('is for nobody above its maker, needs users:create, and stays in its company', async ({
    service,
    ana,
    superuser,
  }) => {
    const bob = await colleague(service, ana, 'manager');
    await bob.client.post(path, { email: newEmail(), role: 'viewer' }).expect(403);
    await ana.client.post(path, { email: newEmail(), role: 'superuser' }).expect(422);
    const stranger = await service.register();
    const { id } = await invite(ana);
    const problem = (response: { body: object }) => ({ ...response.body, request_id: '', timestamp: '' });
    for (const [method, rest] of [
      ['post', '/resend'],
      ['delete', ''],
    ] as const) {
      const other = await stranger.client[method](`${path}/${id}${rest}`).expect(404);
      const unknown = await stranger.client[method](`${path}/${crypto.randomUUID()}${rest}`).expect(404);
      expect(problem(other)).toEqual(problem(unknown));
    }
    expect((await stranger.client.get(path).expect(200)).body.invitations).toEqual([]);
    await stranger.client
      .post(path, { email: newEmail(), role: 'viewer', company_id: ana.user.company_id })
      .expect(403);
    await superuser.post(path, { email: newEmail(), role: 'admin' }).expect(422);
    await superuser.post(path, { email: newEmail(), role: 'admin', company_id: ana.user.company_id }).expect(201);
  });

  test('is repeated by its Idempotency-Key without a second mail', async ({ service, mail, ana }) => {
    const body = { email: newEmail(), role: 'viewer' };
    const post = () => ana.client.post(path, body).set('Idempotency-Key', 'key-1').expect(201);
    expect((await post()).body).toEqual((await post()).body);
    await mail.mailTo(body.email);
    const { body: problem } = await accept(service, { token: 'x', name: 'x', password })
      .set('Idempotency-Key', 'k')
      .expect(422);
    expect(problem.errors[0].path).toBe('Idempotency-Key');
  });
});

test('POST /api/v1/users without a password invites, and keeps the other fields for the acceptance', async ({
  service,
  mail,
  ana,
}) => {
  const body = {
    email: newEmail(),
    username: `carla-${crypto.randomUUID().slice(0, 8)}`,
    first_name: 'Carla',
    last_name: 'Pérez',
    phone: '600 111 222',
    address: 'Calle Mayor 1',
    document_type: 'passport',
    number_document_identity: 'x-123',
    role: 'customer',
  };
  const response = await ana.client.post('/api/v1/users', body).expect(202);
  expect(response.body).toMatchObject({
    message: 'Invitation sent',
    invitation: { email: body.email, name: 'Carla Pérez' },
  });
  const received = await mail.mailTo(body.email);
  expect(received.text).toContain('Carla Pérez');
  const { user } = (await accept(service, { token: tokenOf(received), password }).expect(200)).body;
  expect(user).toMatchObject({ ...body, phone: '+34600111222', number_document_identity: 'X123' });
  const kept = (address: string) =>
    service.database.owner('invitations').where({ email: address }).pluck('invited_account');
  expect(await kept(body.email)).toEqual([{}]);
  const other = { ...body, email: newEmail(), username: undefined };
  const { id } = (await ana.client.post('/api/v1/users', other).expect(202)).body.invitation;
  expect(await kept(other.email)).toMatchObject([{ address: body.address }]);
  await ana.client.delete(`${path}/${id}`).expect(200);
  expect(await kept(other.email)).toEqual([{}]);
  expect((await ana.client.post('/api/v1/users', { ...body, email: newEmail() }).expect(409)).body.error_code).toBe(
    'USER_USERNAME_TAKEN',
  );
});
