import { expect, test } from 'vitest';
import { z } from 'zod';
import { fleetTest, type TestResponse } from '../testing/test-fleet.ts';
import { createAccessSetup, type AccessSetup, type SignedInUser } from './access-setup.ts';
import { allRoutes, type RouteInfo } from './all-routes.ts';
import { samples, send, type Sample } from './sample-requests.ts';

type Values = Record<string, unknown>;

/** Fields that change by themselves, with values that no record has. */
const movingFields: Readonly<Record<string, Values>> = {
  customer: {
    total_orders: -1,
    total_appointments: 'x',
    total_complaints: 99,
    open_complaints: null,
    last_order_date: '1999-01-01T00:00:00.000Z',
    last_appointment_date: 'never',
    last_complaint_date: null,
    lifetime_value: '0.01',
    currency: 'XXX',
    avatar_url: null,
  },
  company: { total_users: -1, total_active_users: null },
  user: { last_login: null, permissions: ['everything'], identities: [], email_verified_at: '1999-01-01' },
};
const movingEverywhere = { updated_at: '1999-01-01T00:00:00.000Z', version: 99 };

const resourceOf = (path: string): string | undefined => {
  if (/^\/api\/customers(\/me|\/\{customer_id\})?$/.test(path)) return 'customer';
  if (path.startsWith('/api/v1/companies')) return 'company';
  return /^\/api\/v1\/users|\/(me|profile|register)$/.test(path) ? 'user' : undefined;
};
const movedValues = (path: string): Values => ({ ...movingEverywhere, ...movingFields[resourceOf(path) ?? ''] });

/** The record in a response: bare, or in its only object. */
function recordIn({ body }: TestResponse): Values {
  const objects = Object.values(body as Values).filter((value) => typeof value === 'object' && value !== null);
  return ('id' in body || objects.length !== 1 ? body : objects[0]) as Values;
}

/** Records without a version: docs/compatibility.md. */
const hasNoVersion = /^\/rest\/|favorites|\/(tags|notes|history|sessions|jobs|imports|receipt|timeline)\b/;

/** Routes whose record cannot be read at the same path. Their bodies are not records. */
const withoutRecord = /\/(status|type|activate|phone)$/;

/**
 * Tests that a record that was read can be sent back, and that every record has its version, on a fleet of real processes.
 * @param isTested chooses routes by their path
 * @param atLeast how many of each kind are tested, so that a wrong choice is noticed
 */
export function testRecordBodies(
  isTested: (path: string) => boolean,
  atLeast: { changes: number; creations: number; records: number; lists: number },
): void {
  let setup: AccessSetup;
  let routes: RouteInfo[];
  fleetTest.beforeAll(async ({ defaultFleet }) => {
    routes = (await allRoutes()).filter(({ path, isInternal }) => !isInternal && isTested(path));
    setup = await createAccessSetup(defaultFleet);
  });

  const callerOf = (path: string): SignedInUser =>
    /document-types|^\/api\/v1\/companies$/.test(path) ? setup.users.superuser : setup.users.admin;

  async function readRecord(caller: SignedInUser, path: string): Promise<Values> {
    if (!path.includes('document-types/')) return recordIn(await caller.get(path));
    const types = (await caller.get('/api/v1/document-types')).body as { code: string }[];
    return types.find(({ code }) => path.endsWith(code)) as Values;
  }

  test('a record that was read is taken back whole by every PUT and PATCH, whatever has moved since', async () => {
    const problems: string[] = [];
    const changes = routes.filter(
      ({ method, path }) => (method === 'PUT' || method === 'PATCH') && !withoutRecord.test(path),
    );
    expect(changes.length).toBeGreaterThanOrEqual(atLeast.changes);
    for (const { method, path } of changes) {
      const caller = callerOf(path);
      const sample = (await samples[`${method} ${path}`]?.(setup, caller, path.endsWith('/me'))) as Sample;
      const sender = sample.as ?? caller;
      const record = await readRecord(sender, sample.path);
      const whole = { ...record, ...movedValues(path) };
      const changed = await send(sender, `${method} ${path}`, { ...sample, body: whole });
      if (changed.status !== 200) problems.push(`${method} ${path}: ${changed.status} ${changed.body?.detail}`);
      const after = await readRecord(sender, sample.path);
      const { updated_at: _before, last_login: _login, ...kept } = record;
      const differing = Object.keys(kept).filter(
        (field) => JSON.stringify(kept[field]) !== JSON.stringify(after[field]),
      );
      if (differing.length > 0) problems.push(`${method} ${path} changes ${differing.join(', ')}`);
      for (const [field, value] of [
        ['id', 'another'],
        ['created_at', '1999-01-01T00:00:00.000Z'],
      ]) {
        if (!((field as string) in record)) continue;
        const { status, body } = await send(sender, `${method} ${path}`, {
          ...sample,
          body: { [field as string]: value },
        });
        if (status !== 422 || body.errors[0].path !== field)
          problems.push(`${method} ${path} takes ${field}: ${status}`);
      }
    }
    expect(problems).toEqual([]);
  });

  test('every creation ignores what moves by itself, and null for what is not writable', async () => {
    const problems: string[] = [];
    const creations = routes.filter(
      ({ method, definition: { body, responses } }) => method === 'POST' && body && 201 in responses,
    );
    expect(creations.length).toBeGreaterThanOrEqual(atLeast.creations);
    for (const { path, definition } of creations) {
      const route = `POST ${path}`;
      const caller = callerOf(path);
      const created = (await samples[route]?.(setup, caller, false)) as Sample;
      const record = recordIn(await send(caller, route, created));
      // Without names a schema has its properties itself.
      const options = { io: 'input', unrepresentable: 'any', metadata: z.registry<Record<string, never>>() } as const;
      const schema = definition.body?.toJSONSchema(options) as { properties: Values };
      const readOnly = Object.keys(record).filter((field) => !(field in schema.properties));
      expect(readOnly.length, route).toBeGreaterThan(0);
      const nulls = Object.fromEntries(readOnly.map((field) => [field, null]));
      const again = (await samples[route]?.(setup, caller, false)) as Sample;
      const body = { ...nulls, ...movedValues(path), ...(again.body as Values) };
      const { status, body: response } = await send(caller, route, { ...again, body });
      if (status !== 201) problems.push(`${route}: ${status} ${response?.detail}`);
      const [field = ''] = readOnly;
      const other = (await samples[route]?.(setup, caller, false)) as Sample;
      const refused = await send(caller, route, { ...other, body: { ...(other.body as Values), [field]: 'x' } });
      if (refused.status !== 422) problems.push(`${route} takes ${field}: ${refused.status}`);
    }
    expect(problems).toEqual([]);
  });

  test('every record has the version of its ETag, in lists too', async () => {
    const problems: string[] = [];
    let [records, lists] = [0, 0];
    for (const { method, path, definition } of routes) {
      if (method !== 'GET' || hasNoVersion.test(path)) continue;
      const sample = (await samples[`GET ${path}`]?.(setup, callerOf(path), path.includes('/me'))) as Sample;
      if (definition.kind === 'stream') continue;
      const { headers, body } = await send(sample.as ?? callerOf(path), `GET ${path}`, sample);
      const list = Array.isArray(body) ? body : Object.values(body as Values).find((value) => Array.isArray(value));
      if (headers.has('ETag')) {
        records += 1;
        if (headers.get('ETag') !== `"${String(recordIn({ status: 200, headers, body })['version'])}"`)
          problems.push(path);
      } else if (list?.[0]?.created_at || list?.[0]?.unique_id) {
        lists += 1;
        if (!list.every(({ version }: Values) => Number.isInteger(version))) problems.push(`${path}: an item has none`);
      }
    }
    expect(problems).toEqual([]);
    expect(records).toBeGreaterThanOrEqual(atLeast.records);
    expect(lists).toBeGreaterThanOrEqual(atLeast.lists);
  });
}
