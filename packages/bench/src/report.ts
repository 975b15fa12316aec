import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import type { EventFigures } from './events.ts';
import { nodeTime, postgres, type Effort, type Measured, type MeasuredSide } from './measure.ts';
import type { Memory } from './memory.ts';
import type { OpenLoopFigures } from './open-loop-cases.ts';
import type { CrowdFigures } from './sign-in-crowd.ts';
import type { SizeRow } from './sizes.ts';
import type { Figure } from './transfers.ts';

/** A part of the gateway's code, with its share of the gateway's CPU and its cost per request. */
export type Layer = { layer: string; share: number; microseconds: number };

export type Report = {
  at: string;
  machine: Record<string, string | number>;
  versions: Record<string, string>;
  effort: Effort & { connections: number; customers: number };
  cases: Measured[];
  layers: Layer[];
  openLoop: OpenLoopFigures[];
  crowds: CrowdFigures[];
  events: EventFigures[];
  sizes: SizeRow[];
  figures: Figure[];
  memory: { idle: Memory; loaded: Memory } | undefined;
  notMeasured: string[];
};

export const loadNow = (): number => Math.round((loadavg()[0] ?? 0) * 10) / 10;

/** @param load the machine's load average before the run, since other work makes results worse */
export const machine = (load: number): Report['machine'] => ({
  processor: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  memory_gb: Math.round(totalmem() / 2 ** 30),
  platform: `${process.platform} ${process.arch}`,
  load_before: load,
});

type Row = readonly string[];

/** Formats a Markdown table that is aligned in a terminal too. */
function table(head: Row, rows: readonly Row[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: Row) => `| ${widths.map((width, column) => (cells[column] ?? '').padEnd(width)).join(' | ')} |`;
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)].join('\n');
}

const whole = (value: number | undefined) => (value === undefined ? '' : value.toFixed(0));
const tenths = (value: number | undefined) => (value === undefined ? '' : value.toFixed(1));
const times = (value: number | undefined) => (value === undefined ? '' : `${value.toFixed(2)} ×`);
const percent = (value: number) => `${(value * 100).toFixed(0)} %`;

function caseRow({ name, statements }: Measured, side: MeasuredSide, index: number): Row {
  const { cpu, rate, median, p99, spread, ratios, generatorShare } = side;
  return [
    index === 0 ? name : '',
    side.name,
    whole(rate),
    tenths(median),
    tenths(p99),
    whole(cpu['gateway']),
    whole(cpu['service']),
    whole(cpu['other services']),
    whole(cpu[postgres]),
    `${whole(nodeTime(cpu))} ± ${percent(spread / 2)}`,
    ratios ? times(ratios.node) : '',
    ratios ? times(ratios.postgres) : '',
    ratios?.against ?? '',
    index === 0 && statements ? `${statements.route} / ${statements.all.toFixed(1)}` : '',
    generatorShare === undefined ? '' : percent(generatorShare),
  ];
}

const caseHead = (
  'case|side|requests/s|median ms|99 % ms|gateway µs|service µs|others µs|PostgreSQL µs|Node µs|' +
  'ours: Node|ours: PostgreSQL|of ours|statements|generator'
).split('|');

function sizesTable(sizes: readonly SizeRow[]): string {
  const all = [...new Set(sizes.flatMap(({ bySize }) => [...bySize.keys()]))];
  return table(
    [
      'request',
      ...all.map((size) => `${size.toLocaleString('en')}: ms / service µs / PostgreSQL µs`),
      'growth of both',
    ],
    sizes.map((row) => [
      row.name,
      ...all.map((size) => {
        const figures = row.bySize.get(size);
        return figures
          ? `${figures.median.toFixed(1)} / ${figures.service.toFixed(0)} / ${figures.postgres.toFixed(0)}`
          : '';
      }),
      times(row.growth),
    ]),
  );
}

/** Formats a report as Markdown. */
export function markdown(report: Report): string {
  const {
    at,
    machine: on,
    versions,
    effort,
    cases,
    layers,
    openLoop,
    crowds,
    events,
    sizes,
    figures,
    memory,
    notMeasured,
  } = report;
  const conditions = [
    `${at}, ${on['platform']}, ${on['cores']} cores (${on['processor']}), ${on['memory_gb']} GB, load average before: ${on['load_before']}.`,
    `${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}.`,
    '',
    `Medians of ${effort.rounds} rounds of ${effort.seconds} s; in each round all sides of a case run in turn, with ${effort.connections} connections. ` +
      `Before the first round each side is warmed up by ${effort.warm_up.requests.toLocaleString('en')} requests, or for ${effort.warm_up.seconds} s. ` +
      'CPU is user and system time per request; the time of the load generator is not in it, and stands apart as its share of one core. ' +
      '± is half the difference of the highest and the lowest round. ' +
      '"ours" is the cost of our side, named in "of ours", divided by that of the row: the median of the ratios of the rounds. ' +
      'Statements are those of the route, and those of all services until the last effect of the request is done, with begin and commit.',
    `${effort.customers.toLocaleString('en')} customers. Rate limits and limits on concurrency are on, and higher than any rate here.`,
    ...notMeasured.map((text) => `Not measured: ${text}.`),
  ].join('\n');
  const section = (title: string, ...parts: string[]) => ['', `## ${title}`, '', ...parts];
  const notes = cases.flatMap(({ name, note }) => (note ? [`${name}: ${note}`] : []));
  return [
    '# Benchmarks',
    '',
    '`npm run bench` writes this file. Compare ratios, not figures of different machines.',
    '',
    conditions,
    ...(cases.length > 0
      ? section(
          'Requests',
          table(
            caseHead,
            cases.flatMap((measured) => measured.sides.map((side, index) => caseRow(measured, side, index))),
          ),
          '',
          ...notes,
        )
      : []),
    ...(layers.length > 0
      ? section(
          "Layers of the gateway's hop",
          'The cost above, split by a profile: time in native functions counts to the code that called them.',
          '',
          table(
            ['layer', 'share', 'µs per request'],
            layers.map(({ layer, share, microseconds }) => [layer, percent(share), whole(microseconds)]),
          ),
        )
      : []),
    ...(openLoop.length > 0
      ? section(
          'Open loop',
          'Requests are sent at a fixed rate, whatever comes back: half the rate of the closed loop.',
          '',
          table(
            ['case', 'offered/s', 'median ms', '99 % ms', 'not sent or failed'],
            openLoop.map(({ name, rate, median, p99, failed }) => [
              name,
              whole(rate),
              tenths(median),
              tenths(p99),
              String(failed),
            ]),
          ),
        )
      : []),
    ...crowds.flatMap(({ users, refused, last, rate, alone, beside, ratio }) =>
      section(
        'Users who sign in at once',
        `${users} users sign in within 20 ms, beside ${rate} reads of a customer a second, which are measured alone as well, in turns. ` +
          'The gateway has the CPU first, as with `npm start`.',
        '',
        table(
          [
            'refused',
            'last response',
            'reads alone: median ms',
            '99 % ms',
            'beside them: median ms',
            '99 % ms',
            '99 %, ratio',
          ],
          [
            [
              String(refused),
              `${(last / 1000).toFixed(1)} s`,
              ...[alone.median, alone.p99, beside.median, beside.p99].map(tenths),
              `${ratio.toFixed(2)} ×`,
            ],
          ],
        ),
      ),
    ),
    ...(events.length > 0
      ? section(
          'Events',
          'From the response of a change to its effect in another service, one change at a time; and from a backlog of events of different records.',
          '',
          table(
            [
              'fleet',
              'delay: median ms',
              '95 % ms',
              'backlog: events/s',
              'publisher µs',
              'subscriber µs',
              'PostgreSQL µs',
            ],
            events.map(({ name, delay, drain }) => [
              name,
              tenths(delay.median),
              tenths(delay.p95),
              `${drain.rate.toFixed(0)} ± ${percent(drain.spread / 2)}`,
              whole(drain.cpu['publisher']),
              whole(drain.cpu['subscriber']),
              whole(drain.cpu[postgres]),
            ]),
          ),
        )
      : []),
    ...(sizes.length > 0
      ? section(
          'Numbers of customers',
          'One request at a time, at the service, of each size in turn.',
          '',
          sizesTable(sizes),
        )
      : []),
    ...(figures.length > 0
      ? section(
          'Other figures',
          table(
            ['figure', 'measured'],
            figures.map(({ name, value }) => [name, value]),
          ),
        )
      : []),
    ...(memory
      ? section(
          'Memory',
          table(
            ['process', 'idle MB', 'under load MB'],
            Object.keys(memory.idle).map((name) => [name, whole(memory.idle[name]), whole(memory.loaded[name])]),
          ),
        )
      : []),
    '',
  ].join('\n');
}

/** @returns the path of the Markdown file; a JSON file next to it has the results of every round */
export function writeReport(folder: string, report: Report): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, report.at.replaceAll(/[:.]/g, '-'));
  const asJson = (_name: string, value: unknown) => (value instanceof Map ? Object.fromEntries(value) : value);
  writeFileSync(`${path}.json`, `${JSON.stringify(report, asJson, 2)}\n`);
  writeFileSync(`${path}.md`, markdown(report));
  return `${path}.md`;
}
