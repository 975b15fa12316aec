import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { roles } from '@clientela/contracts';
import { expect, test } from 'vitest';
import { client, shared } from '../testing/test-fleet.ts';
import { badTokens } from './bad-tokens.ts';
import { contentsOf } from './table-checksums.ts';
import { everyDoor, type Door } from './all-routes.ts';
import { accessOf, expectedAccess } from './expected-access.ts';
import { samples, send, type Sample } from './sample-requests.ts';
import { newWorld, type Person, type World } from './world.ts';

const doors = Object.keys(expectedAccess);
const closed = doors.filter((door) => expectedAccess[door] !== 'open');
const patience = 180_000;

let world: World;
let every: Door[];
/** One good request for each door, about records that are not the caller's own. */
const requests = new Map<string, Sample>();
/** The doors whose query may name a company. */
let takesCompany: Set<string>;
const requestOf = (door: string) => requests.get(door) as Sample;

shared.beforeAll(async ({ street }) => {
  every = await everyDoor();
  takesCompany = new Set(
    every.filter(({ takes_company }) => takes_company).map(({ method, path }) => `${method} ${path}`),
  );
  world = await newWorld(street);
  for (const door of doors) {
    const sample = samples[door];
    if (sample) requests.set(door, await sample(world, world.people.admin, false));
  }
}, patience);

/** Runs a batch of requests that must all be refused, and holds the databases against what they were before. */
async function unchangedBy(batch: () => Promise<string[]>): Promise<void> {
  const before = await contentsOf(world.street);
  expect(await batch()).toEqual([]);
  expect(await contentsOf(world.street)).toEqual(before);
}

/** Sends a door's request, and says in one line when the answer is not what was expected; of no status, that nothing was found. */
async function fault(who: string, caller: Pick<Person, 'send'>, door: string, sample: Sample, expected: number[]) {
  const { status, body } = await send(caller, door, sample, who === 'superuser' ? world.company_id : undefined);
  const nothing = expected.length === 0 && status === 200 && isDeepStrictEqual(body, sample.nothing);
  if (expected.includes(status) || nothing) return [];
  return [`${who} at ${door}: ${status} ${body?.error_code ?? ''} ${body?.detail ?? ''}`];
}

test('every route has its row in the table and its request, and the table names no other', () => {
  const shown = every.filter(({ internal }) => !internal).map(({ method, path }) => `${method} ${path}`);
  const named = (table: object) => [...new Set(Object.keys(table).map((door) => door.replace(/\?.*/, '')))].toSorted();
  expect(named(expectedAccess)).toEqual(shown.toSorted());
  expect(named(samples)).toEqual(shown.toSorted());
});

test(
  'nobody comes in anywhere that is not open',
  () =>
    unchangedBy(async () => {
      const faults: string[] = [];
      for (const door of closed) faults.push(...(await fault('nobody', world.open, door, requestOf(door), [401])));
      return faults;
    }),
  patience,
);

test.each(roles)(
  'the role %s is refused where it may not come in, and finds nobody else’s record where it may reach its own',
  (role) =>
    unchangedBy(async () => {
      const faults: string[] = [];
      for (const door of closed) {
        const access = accessOf(door, role);
        if (access === 'any') continue;
        const sample = requestOf(door);
        const refused = access === 'own' && sample.nothing ? [] : [access === 'own' ? 404 : 403];
        faults.push(...(await fault(role, world.people[role], door, sample, refused)));
      }
      return faults;
    }),
  patience,
);

test(
  'another company’s admin finds none of the records, and does not come in by the company’s name',
  () =>
    unchangedBy(async () => {
      const faults: string[] = [];
      const who = 'a stranger';
      for (const door of closed) {
        const sample = requestOf(door);
        if (/\{(customer|product|user|session|tag|request)_id\}/.test(door)) {
          faults.push(...(await fault(who, world.stranger, door, sample, [404])), ...(await toldApart(door, sample)));
        } else if (door.includes('{company_id}') || door === 'POST /api/v1/users') {
          faults.push(...(await fault(who, world.stranger, door, sample, [403])));
        } else if (sample.nothing) {
          faults.push(...(await fault(who, world.stranger, door, sample, [])));
        }
        if (takesCompany.has(door)) {
          const named = { ...sample, path: withCompany(sample.path) };
          faults.push(...(await fault(`${who} who names the company`, world.stranger, door, named, [403])));
        }
      }
      for (const door of closed.filter((one) => /^GET [^{]*$/.test(one))) {
        const answer = await send(world.stranger, door, requestOf(door));
        const told = JSON.stringify(answer.body).includes(world.company_id);
        if (answer.status !== 200 || told) faults.push(`${who} at ${door}: ${answer.status}, told: ${told}`);
      }
      return faults;
    }),
  patience,
);

const withCompany = (path: string) => `${path}${path.includes('?') ? '&' : '?'}company_id=${world.company_id}`;

/** Another's record and one that does not exist are answered by the same bytes, request id and time aside. */
async function toldApart(door: string, sample: Sample): Promise<string[]> {
  const path = sample.path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, randomUUID());
  const unknown = { ...sample, path: path.replace(/\/\d{8,}(?![\w-])/, '/999999999') };
  const answers = [await send(world.stranger, door, sample), await send(world.stranger, door, unknown)];
  const [one, other] = answers.map(({ status, body: { request_id: _id, timestamp: _time, ...body } }) =>
    JSON.stringify([status, body]),
  );
  return one === other ? [] : [`${door} tells another’s record from an unknown one: ${one} ${other}`];
}

test(
  'a token that is not exactly ours opens nothing',
  async () => {
    const tokens = await badTokens(world);
    await unchangedBy(async () => {
      const faults: string[] = [];
      for (const [what, token] of Object.entries(tokens)) {
        const caller = client(world.street.url, token);
        for (const door of closed) {
          const answer = await send(caller, door, requestOf(door));
          const challenge = answer.headers.get('www-authenticate');
          if (answer.status !== 401 || !challenge?.includes('error="invalid_token"'))
            faults.push(`${what} at ${door}: ${answer.status} ${challenge}`);
        }
      }
      return faults;
    });
  },
  patience,
);

test(
  'internal routes do not exist at the gateway, and are not opened by its key nor without one',
  () =>
    unchangedBy(async () => {
      const faults: string[] = [];
      const id = world.people.admin.user.id as string;
      const key = { 'X-Service-Key': world.street.secrets.service_keys.gateway };
      for (const { service, method, path, internal } of every) {
        if (!internal) continue;
        const at = path.replaceAll(/\{[^}]+\}/g, id);
        const body = method === 'GET' ? undefined : {};
        const direct = client(`http://127.0.0.1:${world.street.ports[service]}`, world.people.superuser.token);
        const keyed = path === '/internal/revocations' ? 200 : 403;
        for (const [who, answer, expected] of [
          ['a superuser', await world.people.superuser.send(method, at, body), 404],
          ['nobody', await world.open.send(method, at, body), 404],
          ['a superuser without a key', await direct.send(method, at, body), 401],
          ['the gateway’s key', await direct.send(method, at, body, key), keyed],
        ] as const) {
          if (answer.status !== expected) faults.push(`${who} at ${service} ${method} ${path}: ${answer.status}`);
        }
      }
      return faults;
    }),
  patience,
);

test.each(roles)(
  'the role %s comes in where it may, and reaches its own where that is all it may',
  async (role) => {
    const before = await contentsOf(world.street);
    const faults: string[] = [];
    const caller = world.people[role];
    for (const door of doors) {
      const access = accessOf(door, role);
      if (access === 'none') continue;
      const sample = await samples[door]?.(world, caller, access === 'own');
      if (sample) faults.push(...(await fault(role, sample.as ?? caller, door, sample, [200, 201])));
    }
    expect(faults).toEqual([]);
    expect(await contentsOf(world.street)).not.toEqual(before); // what is written is seen
  },
  patience,
);
