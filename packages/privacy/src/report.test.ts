import { expect, test } from 'vitest';
import type { DataInventory, TablePolicy } from './inventory.ts';
import { buildReport } from './report.ts';
import { stepName } from './steps.ts';

test('each list names a table once: rows of its policies add up, columns and reasons are united', () => {
  const ofActor = { company_id: 'company_id', actor_id: 'user_id' } as const;
  const ofPerson = { company_id: 'company_id', person_id: 'user_id' } as const;
  const policy = (erasure: TablePolicy['erasure'], person: TablePolicy['person']): TablePolicy => ({
    table: 'entries',
    person,
    notExported: 'a sample',
    erasure,
  });
  const inventory: DataInventory = {
    service: 'auth',
    tables: [
      policy({ anonymise: 'the trail is kept' }, ofActor),
      policy({ anonymise: 'the trail is kept', columns: { note: null } }, ofPerson),
      policy({ keep: 'an id alone', columns: ['actor_id'] }, ofActor),
      policy({ keep: 'an id of another', columns: ['person_id'] }, ofPerson),
    ],
  };
  const column = { class: 'personal', type: 'text', nullable: true, generated: false, keyPosition: null } as const;
  const catalog = new Map([['entries', [{ ...column, name: 'ip' }]]]);
  const rows = Object.fromEntries(inventory.tables.map((table, index) => [stepName(table), 2 ** index]));
  const { anonymised, kept, erased } = buildReport(inventory, catalog, { rows, kept: [] });
  expect(erased).toEqual([]);
  expect(anonymised).toEqual([
    { table: 'entries', rows: 12, columns: ['ip', 'note'], why: 'the trail is kept' },
    expect.objectContaining({ table: 'idempotency_keys' }),
  ]);
  expect(kept).toEqual([
    { table: 'entries', rows: 12, columns: ['actor_id', 'person_id'], why: 'an id alone; an id of another' },
  ]);
});
