import { services } from '@clientela/contracts';
import { isInternal, templateOf } from '@clientela/http';
import { expect, test } from 'vitest';
import { routesOf } from './service-routes.ts';

test('a call of any internal route has its template in traces, and none of the values in its path', async () => {
  const paths = (await Promise.all(services.map(routesOf)))
    .flat()
    .filter(isInternal)
    .map(({ path }) => path);
  expect(paths.length).toBeGreaterThan(20);
  const called = (path: string) => `${path.replaceAll(/\{\w+\}/g, 'Smith')}?email=ana%40example.com`;
  expect(paths.map((path) => templateOf(called(path)))).toEqual(
    paths.map((path) => path.replaceAll(/\{\w+\}/g, '{id}')),
  );
});
