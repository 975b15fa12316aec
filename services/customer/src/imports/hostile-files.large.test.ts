import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startServiceProcess } from './testing/service-process.ts';

const cells: readonly ((row: number) => Buffer | string)[] = [
  (row) => `=HYPERLINK("http://x.example/${row}")`,
  (row) => `+${row}`,
  (row) => `-${row}+1`,
  (row) => `@SUM(A${row})`,
  (row) => `\t${row}`,
  (row) => `nul\0${row}`,
  () => '\u001B]0;title\u0007',
  () => Buffer.from([0xed, 0xa0, 0x80]), // a lone surrogate as no UTF-8 has it
  () => Buffer.from([0xff, 0xfe, 0xc3]),
  () => Buffer.from('Щукина', 'utf16le'),
  () => '\u202Eevil\u202C\u200B',
  (row) => (row % 500 === 8 ? 'x'.repeat(1024 ** 2) : 'y'.repeat(300)),
  () => '{"__proto__":{"polluted":true}}',
  () => "'; drop table customers; --",
];
const columns = ['First name', 'Last name', 'Phone', 'Birthday', 'Tags'];

/** A file whose rows have one hostile cell each, in turn in each column. */
function hostileFile(rows: number): Blob {
  const parts: (Buffer | string)[] = [`Email,${columns.join()}\n`];
  for (let row = 0; row < rows; row += 1) {
    const cell = Buffer.from((cells[row % cells.length]?.(row) ?? '') as string);
    const quoted = Buffer.from(cell.toString('latin1').replaceAll('"', '""'), 'latin1');
    const column = row % columns.length;
    parts.push(`p${row}@example.com,${','.repeat(column)}"`, quoted, `"${','.repeat(columns.length - 1 - column)}\n`);
  }
  return new Blob(parts);
}

test(
  '50,000 hostile cells: every row is imported or in the errors file, in flat memory',
  { timeout: 1_200_000 },
  async () => {
    const rows = Number(process.env['HOSTILE_ROWS'] ?? 50_000);
    const service = await startServiceProcess();
    try {
      const { company_id, id } = await service.upload(hostileFile(rows));
      let state = await service.importOf(company_id, id);
      while (state.status === 'queued' || state.status === 'running') {
        service.jobsMemory();
        await sleep(200);
        state = await service.importOf(company_id, id);
      }
      expect(state).toMatchObject({ status: 'done', read: rows });
      const failed = new Set((await service.errorsOf(company_id, id)).split('\r\n').map((line) => line.split(',')[0]));
      const { owner } = service.database;
      const emails = new Set(await owner('customers').where({ company_id }).pluck('email'));
      for (let row = 0; row < rows; row += 1)
        expect(emails.has(`p${row}@example.com`) || failed.has(String(row + 2)), `row ${row + 2}`).toBe(true);
      const { rows: unclean } = await owner.raw(
        `select 1 from customers where company_id = ? and (full_name ~ '[[:cntrl:]]' or full_name like '%' || chr(65533) || '%') limit 1`,
        [company_id],
      );
      expect(unclean).toEqual([]);
      expect(service.jobsMemory()).toBeLessThan(250);
    } finally {
      await service.close();
    }
  },
);
