import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { services, type Service } from '@clientela/contracts';
import type { Route } from '@clientela/http';
import { validateInventory, readCatalog, type DataInventory } from '@clientela/privacy';
import { testDatabase } from '@clientela/testing';
import { describe, expect, test } from 'vitest';

const top = resolve(import.meta.dirname, '../../../..');
const fileOf = (service: Service, file: string) => join(top, 'services', service, 'src', file);
// By path, not by import: no package depends on a service.
const load = async <Module>(service: Service, file: string) =>
  (await import(pathToFileURL(fileOf(service, file)).href)) as Module;

test('every service says what it knows of people', () => {
  const silent = services.filter((service) => !existsSync(fileOf(service, 'privacy.ts')));
  expect(silent).toEqual([]);
});

describe.each(services)('what %s says of people', (service) => {
  test('reaches every personal column of its database, in export and erasure', async () => {
    const { privacy } = await load<{ privacy: DataInventory }>(service, 'privacy.ts');
    expect(privacy.service).toBe(service);
    const database = await testDatabase(service);
    try {
      const catalog = await readCatalog(database.db);
      expect(catalog.get('idempotency_keys')?.find(({ name }) => name === 'response')).toMatchObject({
        class: 'personal',
      });
      expect(validateInventory(privacy, catalog)).toEqual([]);
    } finally {
      await database.drop();
    }
  });
});

// The customer service asks the others, and itself without a door.
const asked = services.filter((service) => service !== 'customer');
test.each(asked)('what %s says of people is asked through its doors', async (service) => {
  const { routes } = await load<{ routes: (parts: object) => Route[] }>(service, 'app.ts');
  const doors = routes({}).filter(({ path }) => path.startsWith('/internal/privacy/'));
  expect(doors.map(({ method, path, allow }) => ({ method, path, allow }))).toEqual(
    expect.arrayContaining(
      ['export', 'erasures'].map((door) => ({
        method: 'post',
        path: `/internal/privacy/${door}`,
        allow: { internal: ['customer'] },
      })),
    ),
  );
});
