import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Validator } from '@seriousme/openapi-schema-validator';
import { events, services, type EventContract, type Service } from '@clientela/contracts';
import { isInternal, type Route } from '@clientela/http';
import type { Subscription } from '@clientela/events';
import { describe, expect, test } from 'vitest';

const top = resolve(import.meta.dirname, '../../../..');
// By path, not by import: no package depends on a service.
const load = async <Module>(service: Service, file: string) =>
  (await import(pathToFileURL(join(top, 'services', service, 'src', file)).href)) as Module;
const routesOf = async (service: Service) =>
  (await load<{ routes: (parts: object) => Route[] }>(service, 'app.ts')).routes({});

/** Of a service whose subscriptions ask others: made with what they ask. */
type Subscriptions = readonly Subscription[] | ((parts: object) => readonly Subscription[]);

describe('events', () => {
  test('have one speaker and one name each', () => {
    const names = Object.values(events).flatMap((said: readonly EventContract[]) => said.map(({ name }) => name));
    expect(names).toEqual([...new Set(names)]);
  });

  test('are heard by exactly the services that their contracts name', async () => {
    const promised = new Set<string>();
    for (const contract of Object.values(events).flat() as EventContract[]) {
      for (const service of contract.subscribers) promised.add(`${service} hears ${contract.name}`);
    }
    const kept = new Set<string>();
    for (const service of services) {
      if (!existsSync(join(top, 'services', service, 'src/subscriptions.ts'))) continue;
      const { subscriptions } = await load<{ subscriptions: Subscriptions }>(service, 'subscriptions.ts');
      for (const { contract } of typeof subscriptions === 'function' ? subscriptions({}) : subscriptions)
        kept.add(`${service} hears ${contract.name}`);
    }
    expect([...kept].toSorted()).toEqual([...promised].toSorted());
  });

  test('are told truly by docs/architecture.md', () => {
    const map = readFileSync(join(top, 'docs/architecture.md'), 'utf8');
    const rows = [...map.matchAll(/^\| `([a-z.]+)` +\| (\w+) +\| ([^|]*) \|/gm)].map(
      ([, name, speaker, hearers = '']) => `${name} ${speaker} ${hearers.trim()}`,
    );
    const said = services.flatMap((service) =>
      (events[service] as readonly EventContract[]).map(
        ({ name, subscribers: heard_by }) => `${name} ${service} ${heard_by.join(', ') || '–'}`,
      ),
    );
    expect(rows.toSorted()).toEqual(said.toSorted());
  });
});

describe.each(services)('the openapi.json of %s', (service) => {
  const document = JSON.parse(readFileSync(join(top, 'services', service, 'openapi.json'), 'utf8')) as {
    paths: Record<string, Record<string, { security: object[]; 'x-clientela': object }>>;
  };

  test('is a valid OpenAPI 3.1 document', async () => {
    expect(await new Validator().validate(structuredClone(document))).toMatchObject({ valid: true });
  });

  test('holds every route but the internal ones, and the reverse', async () => {
    const shown = (await routesOf(service))
      .filter((door) => !isInternal(door))
      .map(({ method, path }) => `${method} ${path}`);
    const written = Object.entries(document.paths).flatMap(([path, doors]) =>
      Object.keys(doors).map((method) => `${method} ${path}`),
    );
    expect(written.toSorted()).toEqual(shown.toSorted());
    expect(written.filter((door) => door.includes('/internal/'))).toEqual([]);
  });

  test('tells the gateway what is open, how large and how long', async () => {
    for (const door of (await routesOf(service)).filter((one) => !isInternal(one))) {
      const operation = document.paths[door.path]?.[door.method];
      expect(operation?.security.length === 0, door.path).toBe(door.allow === 'open');
      expect(operation?.['x-clientela']).toEqual({
        kind: door.kind ?? 'json',
        body_limit: door.bodyLimit ?? 1_048_576,
        deadline: door.deadline ?? 10_000,
      });
    }
  });
});
