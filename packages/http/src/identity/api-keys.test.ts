import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { keyRoles, permissions } from '@clientela/contracts';
import { AppError } from '@clientela/errors';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import {
  checkPermission,
  isOpenToKeys,
  requirePermission,
  route,
  serviceClient,
  type Actor,
  type Allow,
} from '../index.ts';
import { actorOf } from './actor.ts';

const [key_id, company_id] = [randomUUID(), randomUUID()];
const headers = {
  'x-key-id': key_id,
  'x-user-role': 'manager',
  'x-company-id': company_id,
  'x-permissions': 'customers:read,customers:hard_delete',
};
const key = actorOf(headers, 'gateway', 'request-1') as Actor;
const routeWith = (allow: Allow, apiKeys?: boolean) =>
  route({
    method: 'get',
    path: '/things',
    operation: 'things.list',
    summary: 'Things',
    allow,
    ...(apiKeys !== undefined && { apiKeys }),
    responses: { 200: z.string() },
    handle: () => 'x',
  });
const problemOf = (work: () => unknown) => {
  try {
    return work();
  } catch (error) {
    if (error instanceof AppError) return { kind: error.kind, missing: error.missing };
    throw error;
  }
};

test('an API key is an actor with its permissions; without them, or with another identity, it is a 403', () => {
  expect(key).toMatchObject({ id: `key:${key_id}`, role: 'manager', company_id, session_id: null });
  const wrong: object[] = [
    { 'x-permissions': undefined },
    { 'x-permissions': '' },
    { 'x-user-id': randomUUID() },
    { 'x-user-role': 'superuser' },
    { 'x-user-role': 'customer' },
    { 'x-user-role': undefined },
    { 'x-company-id': undefined },
    { 'x-key-id': 'not-an-id' },
  ];
  for (const change of wrong)
    for (const caller of ['gateway', 'interaction'] as const)
      expect(problemOf(() => actorOf({ ...headers, ...change }, caller, 'request-1'))).toMatchObject({
        kind: 'forbidden',
      });
  // A service outside of the fleet acts for itself only.
  expect(actorOf(headers, 'orders', 'request-1')).toMatchObject({ id: 'service:orders', role: 'service' });
});

test('a route takes the cut of the role and the permissions of a key, and no record is its own', () => {
  const own = { permission: 'users:read', own: () => true } as const;
  expect(problemOf(() => checkPermission(routeWith('customers:read'), key))).toBeUndefined();
  for (const permission of ['customers:create', 'customers:hard_delete', 'customers:import'] as const) {
    const denied = { kind: 'forbidden', missing: permission };
    expect(problemOf(() => checkPermission(routeWith(permission), key))).toEqual(denied);
    expect(problemOf(() => requirePermission(key, permission))).toEqual(denied);
  }
  expect(problemOf(() => requirePermission(key, 'customers:read'))).toBeUndefined();
  const viewer = { ...key, role: 'viewer' as const, permissions: new Set(['users:read', 'users:read:own']) };
  expect(problemOf(() => checkPermission(routeWith(own), viewer))).toEqual({
    kind: 'forbidden',
    missing: 'users:read',
  });
});

test('routes that are merely signed in, or for people only, are closed to keys, whatever they hold', () => {
  const admin = { ...key, role: 'admin' as const, permissions: new Set<string>(permissions) };
  const closed = { kind: 'forbidden', missing: undefined };
  for (const definition of [
    routeWith('signed_in'),
    routeWith('customers:read', false),
    routeWith('users:delete'),
    routeWith('users:delete', true),
    routeWith('keys:manage', true),
  ])
    expect([isOpenToKeys(definition), problemOf(() => checkPermission(definition, admin))]).toEqual([false, closed]);
  expect(problemOf(() => checkPermission(routeWith('signed_in', true), admin))).toBeUndefined();
  expect(keyRoles).not.toContain('customer');
});

test('calls to other services carry the key and its permissions', async () => {
  const seen: Actor[] = [];
  const server = createServer((request, response) => {
    seen.push(actorOf(request.headers, 'interaction', 'request-1') as Actor);
    response.end('{}');
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const client = serviceClient({ service: 'customer', url: `http://127.0.0.1:${port}`, key: 'key' });
  await client.get('/internal/customers/1', z.object({}), { actor: { ...key, client_ip: '192.0.2.7' } });
  expect(seen).toEqual([{ ...key, client_ip: '192.0.2.7' }]);
});
