import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { connections } from './load.ts';
import type { Effort, Figures, Measured } from './measure.ts';

export type Report = {
  at: string;
  machine: Record<string, string | number>;
  effort: Effort & { connections: number };
  cases: Measured[];
};

/** @param load the machine's load average before the run, since other work makes results worse */
export const report = (cases: Measured[], effort: Effort, load: number): Report => ({
  at: new Date().toISOString(),
  machine: {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memory_gb: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    load_before: load,
  },
  effort: { ...effort, connections },
  cases,
});

export const loadNow = (): number => Math.round((loadavg()[0] ?? 0) * 10) / 10;

/** Formats a report as a Markdown table that is aligned in a terminal too. */
export function markdown({ at, machine, effort, cases }: Report): string {
  const head = ['case', 'measured', 'requests/s', 'CPU µs/request', 'ratio'];
  const rows = cases.flatMap(({ name, measured, reference, ratio }) => [
    [name, measured.name, measured.rate.toFixed(0), formatCpu(measured), `${ratio.toFixed(2)} ×`],
    ['', reference.name, reference.rate.toFixed(0), formatCpu(reference), '1'],
  ]);
  const widths = head.map((title, column) =>
    Math.max(...[head, ...rows].map((row) => row[column]?.length ?? title.length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const { processor, cores, memory_gb, platform, node, load_before } = machine;
  return [
    line(head),
    line(widths.map((width) => '-'.repeat(width))),
    ...rows.map(line),
    '',
    `${at}, ${platform}, ${cores} cores (${processor}), ${memory_gb} GB, Node ${node}, load average before: ${load_before}.`,
    `Medians of ${effort.rounds} rounds of ${effort.seconds} s for each side alternately, ${effort.connections} connections. CPU is user and system time of the`,
    'named processes (not of PostgreSQL, nor of the load); the ratio is the median of the rounds’ ratios.',
    '',
  ].join('\n');
}

function formatCpu({ cpu, cpuByProcess }: Figures): string {
  const parts = Object.entries(cpuByProcess).map(([name, time]) => `${name} ${time.toFixed(0)}`);
  return parts.length > 1 ? `${cpu.toFixed(0)} (${parts.join(' + ')})` : cpu.toFixed(0);
}

/** @returns the path of the Markdown file; a JSON file next to it has the results of every round */
export function writeReport(folder: string, found: Report): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, found.at.replaceAll(/[:.]/g, '-'));
  writeFileSync(`${path}.json`, `${JSON.stringify(found, undefined, 2)}\n`);
  writeFileSync(`${path}.md`, markdown(found));
  return `${path}.md`;
}
