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

/** Some services build their subscriptions from clients of other services. */
type Subscriptions = readonly Subscription[] | ((parts: object) => readonly Subscription[]);

describe('events', () => {
  test('have one publisher and a unique name', () => {
    const names = Object.values(events).flatMap((contracts: readonly EventContract[]) =>
      contracts.map(({ name }) => name),
    );
    expect(names).toEqual([...new Set(names)]);
  });

  test('are consumed by exactly the subscribers in their contracts', async () => {
    const contracted = new Set<string>();
    for (const contract of Object.values(events).flat() as EventContract[]) {
      for (const service of contract.subscribers) contracted.add(`${service} consumes ${contract.name}`);
    }
    const actual = new Set<string>();
    for (const service of services) {
      if (!existsSync(join(top, 'services', service, 'src/subscriptions.ts'))) continue;
      const { subscriptions } = await load<{ subscriptions: Subscriptions }>(service, 'subscriptions.ts');
      for (const { contract } of typeof subscriptions === 'function' ? subscriptions({}) : subscriptions)
        actual.add(`${service} consumes ${contract.name}`);
    }
    expect([...actual].toSorted()).toEqual([...contracted].toSorted());
  });

  test('are listed correctly in docs/architecture.md', () => {
    const document = readFileSync(join(top, 'docs/architecture.md'), 'utf8');
    const rows = [...document.matchAll(/^\| `([a-z.]+)` +\| (\w+) +\| ([^|]*) \|/gm)].map(
      ([, name, publisher, subscribers = '']) => `${name} ${publisher} ${subscribers.trim()}`,
    );
    const expected = services.flatMap((service) =>
      (events[service] as readonly EventContract[]).map(
        ({ name, subscribers }) => `${name} ${service} ${subscribers.join(', ') || '–'}`,
      ),
    );
    expect(rows.toSorted()).toEqual(expected.toSorted());
  });
});

describe.each(services)('the openapi.json of %s', (service) => {
  const document = JSON.parse(readFileSync(join(top, 'services', service, 'openapi.json'), 'utf8')) as {
    paths: Record<string, Record<string, { security: object[]; 'x-clientela': object }>>;
  };

  test('is a valid OpenAPI 3.1 document', async () => {
    expect(await new Validator().validate(structuredClone(document))).toMatchObject({ valid: true });
  });

  test('contains exactly the public routes', async () => {
    const publicRoutes = (await routesOf(service))
      .filter((definition) => !isInternal(definition))
      .map(({ method, path }) => `${method} ${path}`);
    const written = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${path}`),
    );
    expect(written.toSorted()).toEqual(publicRoutes.toSorted());
    expect(written.filter((name) => name.includes('/internal/'))).toEqual([]);
  });

  test('tells the gateway which routes are open, their body limits and deadlines', async () => {
    for (const definition of (await routesOf(service)).filter((declared) => !isInternal(declared))) {
      const operation = document.paths[definition.path]?.[definition.method];
      expect(operation?.security.length === 0, definition.path).toBe(definition.allow === 'open');
      expect(operation?.['x-clientela']).toEqual({
        kind: definition.kind ?? 'json',
        body_limit: definition.bodyLimit ?? 1_048_576,
        deadline: definition.deadline ?? 10_000,
      });
    }
  });
});
