import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { events, services, type EventContract } from '@clientela/contracts';
import { isInternal } from '@clientela/http';
import type { Subscription } from '@clientela/events';
import { describe, expect, test } from 'vitest';
import { importFromService, repoRoot, routesOf } from './service-routes.ts';

/** A service's subscriptions, or a function that creates them from the clients that their handlers need. */
type Subscriptions = readonly Subscription[] | ((parts: object) => readonly Subscription[]);

describe('events', () => {
  test('have unique names, each with one publisher', () => {
    const names = Object.values(events).flatMap((contracts: readonly EventContract[]) =>
      contracts.map(({ name }) => name),
    );
    expect(names).toEqual([...new Set(names)]);
  });

  test('are consumed by exactly the subscribers that their contracts name', async () => {
    const declared = new Set<string>();
    for (const contract of Object.values(events).flat() as EventContract[]) {
      for (const service of contract.subscribers) declared.add(`${service} consumes ${contract.name}`);
    }
    const consumed = new Set<string>();
    for (const service of services) {
      if (!existsSync(join(repoRoot, 'services', service, 'src/subscriptions.ts'))) continue;
      const { subscriptions } = await importFromService<{ subscriptions: Subscriptions }>(service, 'subscriptions.ts');
      for (const { contract } of typeof subscriptions === 'function' ? subscriptions({}) : subscriptions)
        consumed.add(`${service} consumes ${contract.name}`);
    }
    expect([...consumed].toSorted()).toEqual([...declared].toSorted());
  });

  test('match the event catalogue in docs/architecture.md', () => {
    const document = readFileSync(join(repoRoot, 'docs/architecture.md'), 'utf8');
    const documented = [...document.matchAll(/^\| `([a-z.]+)` +\| (\w+) +\| ([^|]*) \|/gm)].map(
      ([, name, publisher, subscribers = '']) => `${name} ${publisher} ${subscribers.trim()}`,
    );
    const declared = services.flatMap((service) =>
      (events[service] as readonly EventContract[]).map(
        ({ name, subscribers }) => `${name} ${service} ${subscribers.join(', ') || '–'}`,
      ),
    );
    expect(documented.toSorted()).toEqual(declared.toSorted());
  });
});

const validator = new Validator(); // compiles the schema of OpenAPI once

describe.each(services)('the openapi.json of %s', (service) => {
  const document = JSON.parse(readFileSync(join(repoRoot, 'services', service, 'openapi.json'), 'utf8')) as {
    paths: Record<string, Record<string, { security: object[]; 'x-clientela': object }>>;
  };

  test('is a valid OpenAPI 3.1 document', async () => {
    expect(await validator.validate(structuredClone(document))).toMatchObject({ valid: true });
  });

  test('contains exactly the routes that are not internal', async () => {
    const publicRoutes = (await routesOf(service))
      .filter((route) => !isInternal(route))
      .map(({ method, path }) => `${method} ${path}`);
    const documented = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${path}`),
    );
    expect(documented.toSorted()).toEqual(publicRoutes.toSorted());
    expect(documented.filter((operation) => operation.includes('/internal/'))).toEqual([]);
  });

  test('contains the security, kind, body limit and deadline of each route for the gateway', async () => {
    for (const definition of (await routesOf(service)).filter((route) => !isInternal(route))) {
      const operation = document.paths[definition.path]?.[definition.method];
      expect(operation?.security.length === 0, definition.path).toBe(definition.allow === 'open');
      expect(operation?.['x-clientela']).toEqual({
        kind: definition.kind ?? 'json',
        body_limit: definition.bodyLimit ?? 1_048_576,
        deadline: definition.deadline ?? 10_000,
        ...(definition.limited && { limited: definition.limited }),
        ...(definition.cookies && { cookies: definition.cookies }),
        ...(definition.addressRateLimit && { address_rate_limit: definition.addressRateLimit }),
        ...(definition.maxSilence && { max_silence: definition.maxSilence }),
      });
    }
  });
});
