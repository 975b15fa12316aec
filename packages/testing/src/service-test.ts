import { test } from 'vitest';
import type { TestService } from './service.ts';

/**
 * Creates a `test` with what most tests of a service need: the service, started once per file, and for each test a new company
 * with its users.
 * @param create starts the service under test
 */
export const serviceTest = <Service extends TestService>(create: () => Promise<Service>) =>
  test
    .extend('service', { scope: 'file' }, async ({}, { onCleanup }) => {
      const service = await create();
      onCleanup(() => service.close());
      return service;
    })
    .extend('company', ({ service }) => service.company())
    .extend('admin', ({ service, company }) => service.user('admin', company))
    .extend('manager', ({ service, company }) => service.user('manager', company))
    .extend('viewer', ({ service, company }) => service.user('viewer', company))
    .extend('superuser', ({ service }) => service.user('superuser'));
