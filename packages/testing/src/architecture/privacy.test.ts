import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { services, type Service } from '@clientela/contracts';
import type { Route } from '@clientela/http';
import { validateInventory, readCatalog, type DataInventory } from '@clientela/privacy';
import { testDatabase } from '@clientela/testing';
import { describe, expect, test } from 'vitest';

const repoRoot = resolve(import.meta.dirname, '../../../..');
const fileOf = (service: Service, file: string) => join(repoRoot, 'services', service, 'src', file);
// Loads by path, because no package depends on a service.
const load = async <Module>(service: Service, file: string) =>
  (await import(pathToFileURL(fileOf(service, file)).href)) as Module;

test('every service has a data inventory', () => {
  const missing = services.filter((service) => !existsSync(fileOf(service, 'privacy.ts')));
  expect(missing).toEqual([]);
});

describe.each(services)('the data inventory of %s', (service) => {
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

// The customer service calls the others; its own inventory needs no route.
const peers = services.filter((service) => service !== 'customer');
test.each(peers)('%s has the internal privacy routes', async (service) => {
  const { routes } = await load<{ routes: (deps: object) => Route[] }>(service, 'app.ts');
  const privacyRoutes = routes({}).filter(({ path }) => path.startsWith('/internal/privacy/'));
  expect(privacyRoutes.map(({ method, path, allow }) => ({ method, path, allow }))).toEqual(
    expect.arrayContaining(
      ['export', 'erasures'].map((name) => ({
        method: 'post',
        path: `/internal/privacy/${name}`,
        allow: { internal: ['customer'] },
      })),
    ),
  );
});
