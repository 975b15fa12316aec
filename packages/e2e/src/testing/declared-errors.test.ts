import { expect, test } from 'vitest';
import { assertDeclaredError } from './declared-errors.ts';

test('an error code that no document declares for the operation fails the test that received it', () => {
  const check = (method: string, path: string, error_code: string) => () =>
    assertDeclaredError(method, path, { error_code });
  expect(check('GET', '/api/customers/1?x=1', 'CUSTOMER_NOT_FOUND')).not.toThrow();
  expect(check('GET', '/api/customers/stats/', 'VALIDATION_FAILED')).not.toThrow();
  expect(check('GET', '/no/such/route', 'NOT_FOUND')).not.toThrow();
  const message =
    'GET /api/customers/{customer_id} responds with PRODUCT_NOT_FOUND, which its openapi.json does not declare';
  expect(check('GET', '/api/customers/1', 'PRODUCT_NOT_FOUND')).toThrow(message);
});
