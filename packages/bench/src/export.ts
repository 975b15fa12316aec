import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { BenchFleet } from './bench-fleet.ts';

/** Of an export that ran while customers were written. Times in milliseconds, memory in MB. */
export type ExportFigures = {
  rows: number;
  first_byte: number;
  seconds: number;
  /** Resident memory of the customer service, before and at its highest. */
  memory: { before: number; peak: number };
  /** Customers that were created one after the other meanwhile, and how many of them the export has. */
  written: number;
  exported_of_written: number;
  /** Whether the exported ones are the first that were created: the rows of one moment. */
  is_one_moment: boolean;
};

const status = (pid: number, field: string) =>
  Number(new RegExp(`${field}:\\s*(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;

/** Exports all customers of the company as JSON lines while a client creates customers. Linux only. */
export async function measureExport({ fleet, as_gateway }: BenchFleet): Promise<ExportFigures> {
  const service = `http://127.0.0.1:${fleet.ports.customer}`;
  const pid = fleet.pid('customer') ?? 0;
  const writer = startWriter(service, as_gateway);
  await writer.until(20);
  writeFileSync(`/proc/${pid}/clear_refs`, '5'); // resets the peak
  const before = status(pid, 'VmRSS');
  const acknowledged = writer.count();
  const startedAt = performance.now();
  const response = await fetch(`${service}/api/customers/export.jsonl?sort=created_at`, { headers: as_gateway });
  if (response.status !== 200 || !response.body) throw new Error(`${response.status} ${await response.text()}`);
  const body = Readable.fromWeb(response.body);
  let first_byte = 0;
  body.once('data', () => (first_byte = performance.now() - startedAt));
  let rows = 0;
  const exported = new Set<number>();
  for await (const line of createInterface({ input: body })) {
    rows += 1;
    const [, number] = /"external_id":"WRITTEN-(\d+)"/.exec(line) ?? [];
    if (number !== undefined) exported.add(Number(number));
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const peak = status(pid, 'VmHWM');
  const written = await writer.stop();
  const isPrefix = Math.max(...exported) === exported.size;
  return {
    rows,
    first_byte,
    seconds,
    memory: { before, peak },
    written,
    exported_of_written: exported.size,
    is_one_moment: isPrefix && exported.size >= acknowledged && exported.size < written,
  };
}

/** Creates customers one after the other, `WRITTEN-1` and so on. */
function startWriter(service: string, headers: Record<string, string>) {
  let count = 0;
  let isStopped = false;
  const run = async () => {
    while (!isStopped) {
      const response = await fetch(`${service}/api/customers`, {
        method: 'POST',
        headers: { ...headers, 'Content-Type': 'application/json' },
        body: JSON.stringify({ external_id: `WRITTEN-${count + 1}`, full_name: 'Written Meanwhile' }),
      });
      if (response.status !== 201) throw new Error(`POST: ${response.status} ${await response.text()}`);
      await response.arrayBuffer();
      count += 1;
    }
  };
  const running = run();
  return {
    count: () => count,
    until: async (wanted: number) => {
      while (count < wanted) await Promise.race([running, new Promise((resolve) => setTimeout(resolve, 10))]);
    },
    /** @returns how many were created */
    stop: async () => {
      isStopped = true;
      await running;
      return count;
    },
  };
}
