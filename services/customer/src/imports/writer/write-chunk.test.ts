import { describe, expect } from 'vitest';
import { importTest } from './testing/import-tests.ts';

const test = importTest();

describe('a chunk', () => {
  test('creates customers', async ({ admin, startImport }) => {
    const result = await startImport().write(
      { firstname: 'Ana', email: 'Ana@Example.com', phone: '600 11 22 33' },
      { full_name: 'Ben' },
    );
    expect(result).toMatchObject({ created: 2, updated: 0, skipped: 0, failed: 0, problems: [] });
    const { body } = await admin.get(`/api/customers/${result.ids.created[0]}`).expect(200);
    expect(body.customer).toMatchObject({ full_name: 'Ana', email: 'Ana@example.com', phone: '+34600112233' });
  });
});
