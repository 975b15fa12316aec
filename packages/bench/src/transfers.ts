import { mkdtempSync, openAsBlob, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchFleet } from './bench-fleet.ts';
import { writeCustomersFile } from './import-data.ts';
import { median } from './measure.ts';
import { sendOnce } from './sides.ts';

/** A figure that has no reference. */
export type Figure = { name: string; value: string };

/** Imports a file, exports all customers, and exports one person's data. `npm run bench:import` measures the first two in full. */
export async function measureTransfers(
  { fleet, as_gateway, customer_id }: BenchFleet,
  rows: number,
): Promise<Figure[]> {
  const port = fleet.ports.customer;
  const get = (path: string) => sendOnce(port, as_gateway, { method: 'GET', path });
  const folder = mkdtempSync(join(tmpdir(), 'bench-transfers-'));
  try {
    const file = join(folder, 'customers.csv');
    await writeCustomersFile(file, rows);
    const form = new FormData();
    form.append('file', await openAsBlob(file), 'customers.csv');
    const startedAt = performance.now();
    const response = await fetch(`http://127.0.0.1:${port}/api/customers/imports`, {
      method: 'POST',
      headers: as_gateway,
      body: form,
    });
    if (response.status !== 202) throw new Error(`import: ${response.status} ${await response.text()}`);
    const accepted = (await response.json()) as { import: { id: string } };
    let status = 'queued';
    while (status === 'queued' || status === 'running') {
      await sleep(50);
      status = ((await get(`/api/customers/imports/${accepted.import.id}`)) as { import: { status: string } }).import
        .status;
    }
    if (status !== 'done') throw new Error(`The import ended as ${status}`);
    const importSeconds = (performance.now() - startedAt) / 1000;

    const exportedAt = performance.now();
    const exported = await fetch(`http://127.0.0.1:${port}/api/customers/export.jsonl`, { headers: as_gateway });
    const lines = (await exported.text()).split('\n').length - 1;
    const exportSeconds = (performance.now() - exportedAt) / 1000;

    const durations: number[] = [];
    for (let round = 0; round < 9; round += 1) {
      const sentAt = performance.now();
      await sendOnce(port, as_gateway, { method: 'POST', path: '/api/gdpr/export', body: { customer_id } });
      durations.push(performance.now() - sentAt);
    }
    return [
      { name: `import of ${rows} customers`, value: `${(rows / importSeconds).toFixed(0)} rows/s` },
      { name: `export of ${lines} customers as JSON lines`, value: `${(lines / exportSeconds).toFixed(0)} rows/s` },
      { name: 'GDPR export of one customer, from all services', value: `${median(durations).toFixed(0)} ms` },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
