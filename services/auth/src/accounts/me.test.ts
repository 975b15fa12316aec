import { randomUUID } from 'node:crypto';
import { grants } from '@clientela/contracts';
import { serviceTest, type TestUser } from '@clientela/testing';
import { describe, expect } from 'vitest';
import { createTestAuth } from '../testing/test-auth.ts';

const test = serviceTest(createTestAuth);

const paths = (body: { errors: { path: string }[] }) => [...new Set(body.errors.map(({ path }) => path))].toSorted();

describe('/auth/me', () => {
  test('returns the user of the token, under each path, and never a 304', async ({ service }) => {
    const { user, client } = await service.register();
    for (const path of ['/auth/me', '/api/auth/me', '/api/v1/auth/me', '/api/v1/profile']) {
      const { body, headers } = await client.get(path).expect(200);
      expect(body).toEqual({ user });
      expect(headers['etag']).toBe('"1"');
      expect(headers['cache-control']).toBe('no-store');
      await client.get(path).set('If-None-Match', '"1"').expect(200);
    }
    await service.anonymous().get('/auth/me').expect(401);
    await service.callingService('customer').get('/auth/me').expect(403);
  });

  test('lists the permissions of the role: an admin’s without those beyond its company, a customer’s own ones', async ({
    service,
  }) => {
    const { user, client } = await service.register();
    expect(user.permissions).toEqual(expect.arrayContaining(['users:create', 'customers:hard_delete', 'gdpr:manage']));
    expect(user.permissions).not.toContain('companies:create');
    for (const permission of user.permissions) expect(permission).toMatch(/^[a-z_]+:[a-z_]+$/);
    await service.database.owner('users').where({ id: user.id }).update({ role: 'customer' });
    const { body } = await client.get('/api/v1/profile').expect(200);
    expect(body.user.permissions.toSorted()).toEqual(grants.customer.toSorted());
  });

  test('takes the whole user back with a change, under /api/v1/profile too', async ({ service }) => {
    const { client } = await service.register();
    for (const [path, first_name] of [
      ['/auth/me', 'Eva'],
      ['/api/v1/profile', 'Luz'],
    ] as const) {
      const { body } = await client.get(path).expect(200);
      const { body: saved } = await client.patch(path, { ...body.user, first_name }).expect(200);
      const version = body.user.version + 1;
      expect(saved.user).toEqual({ ...body.user, first_name, updated_at: expect.any(String), version });
    }
  });

  test('changes name, phone, address and document; the event has field names only', async ({ service }) => {
    const { user, client } = await service.register();
    const { body, headers } = await client
      .patch('/auth/me', {
        name: 'Eva Luz  Sol',
        phone: '+49 30 901820',
        address: 'Street 1',
        document_type: 'NIT',
        number_document_identity: '860.002.964-4',
      })
      .expect(200);
    expect(body).toEqual({
      message: 'User updated',
      user: {
        ...user,
        first_name: 'Eva',
        last_name: 'Luz Sol',
        phone: '+4930901820',
        address: 'Street 1',
        document_type: 'nit',
        number_document_identity: '8600029644',
        updated_at: expect.any(String),
        version: 2,
      },
    });
    expect(headers['etag']).toBe('"2"');
    expect((await client.get('/auth/me').expect(200)).body.user).toEqual(body.user);
    const event = (await service.events('user.updated')).at(-1);
    expect(event).toMatchObject({ company_id: user.business_id, actor_id: user.id, sequence: 2 });
    const fields_changed = ['address', 'document_type', 'number_document_identity', 'first_name', 'last_name', 'phone'];
    expect(event?.data).toEqual({ user_id: user.id, fields_changed: expect.toSatisfy(sameAs(fields_changed)) });
  });

  test('parses a national phone number by the company’s country', async ({ service }) => {
    const { user, client } = await service.register();
    await service.database.owner('companies').where({ id: user.business_id }).update({ country: 'BR' });
    const { body } = await client.patch('/auth/me', { phone: '(11) 96123-4567' }).expect(200);
    expect(body.user.phone).toBe('+5511961234567');
    expect(await service.database.owner('users').where({ id: user.id }).first()).toMatchObject({
      phone_typed: '(11) 96123-4567',
    });
    expect((await client.patch('/auth/me', { phone: null }).expect(200)).body.user.phone).toBeNull();
    expect(await service.database.owner('users').where({ id: user.id }).first()).toMatchObject({
      phone: null,
      phone_typed: null,
    });
  });

  test('accepts the whole record; equal values are no change', async ({ service }) => {
    const { user, client } = await service.register({ phone: '600 123 123' });
    const { body, headers } = await client.patch('/auth/me', user).expect(200);
    expect(body.user).toEqual(user);
    expect(headers['etag']).toBe('"1"');
    const changed = await client.patch('/auth/me', { ...user, first_name: 'Eva' }).expect(200);
    expect(changed.body.user).toEqual({ ...user, first_name: 'Eva', updated_at: expect.any(String), version: 2 });
    expect((await service.events('user.updated')).filter(({ data }) => data['user_id'] === user.id)).toHaveLength(1);
    expect((await service.database.owner('users').where({ id: user.id }).first()).phone_typed).toBe('600 123 123');
  });

  test('rejects changed read-only fields by name, without effect', async ({ service }) => {
    const { user, client } = await service.register();
    const { body } = await client
      .patch('/auth/me', {
        role: 'superuser',
        company_id: 'COMP-000',
        is_active: false,
        email: 'x@example.com',
        first_name: 'Eva',
      })
      .expect(422);
    expect(paths(body)).toEqual(['company_id', 'email', 'is_active', 'role']);
    expect((await client.get('/auth/me')).body.user).toEqual(user);
  });

  test('names every invalid field', async ({ service }) => {
    const { client } = await service.register();
    const invalidPaths = async (body: object) => paths((await client.patch('/auth/me', body).expect(422)).body);
    expect(
      await invalidPaths({
        first_name: null,
        phone: '12',
        address: 'x'.repeat(501),
        document_type: '../',
        password: 'x',
        nothing: 1,
      }),
    ).toEqual(['address', 'document_type', 'first_name', 'nothing', 'password', 'phone']);
    expect(await invalidPaths({ name: 'Eva Luz', last_name: 'Sol' })).toEqual(['last_name']);
    expect(await invalidPaths({ document_type: 'cpf', number_document_identity: '111.444.777-36' })).toEqual([
      'number_document_identity',
    ]);
    await client.patch('/auth/me', { number_document_identity: '123' }).expect(200);
    expect(await invalidPaths({ document_type: 'cpf' })).toEqual(['number_document_identity']);
  });

  test('accepts the current version in If-Match and rejects an outdated one', async ({ service }) => {
    const { client } = await service.register();
    await client.patch('/auth/me', { address: 'One' }).set('If-Match', '"1"').expect(200);
    await client.patch('/auth/me', { address: 'Two' }).set('If-Match', '"1"').expect(412);
    expect((await client.get('/auth/me')).body.user.address).toBe('One');
  });

  test('rejects deleted and inactive users and users of suspended companies', async ({ service }) => {
    const expectRejected = async (client: TestUser) => {
      expect((await client.get('/auth/me')).status).toBe(401);
      expect((await client.patch('/auth/me', { address: 'Here' })).status).toBe(401);
    };
    await expectRejected(service.user('admin', { id: randomUUID() }));
    const inactive = await service.register();
    await service.database.owner('users').where({ id: inactive.user.id }).update({ is_active: false });
    await expectRejected(inactive.client);
    const suspended = await service.register();
    await service.database.owner('companies').where({ id: suspended.user.business_id }).update({ status: 'suspended' });
    await expectRejected(suspended.client);
  });
});

const sameAs = (names: string[]) => (input: string[]) =>
  JSON.stringify(input.toSorted()) === JSON.stringify(names.toSorted());
