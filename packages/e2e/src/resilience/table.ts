import { recovery, rows, type Row } from './cells.ts';
import { faults } from './fault-proxy.ts';

const cell = ([status, seconds]: Row['expected']['down']) => `${[status].flat().join(' or ')}, ${seconds} s`;

/** Writes the table of `docs/resilience.md`. */
export function resilienceDocument(): string {
  const head = ['Process', 'Depends on', 'Request', 'Without a fault', ...faults];
  const body = rows.map(({ caller, dependency, request, normal, expected }) => {
    const outcomes = faults.map((fault) => cell(expected[fault]));
    // A remark after the request stands outside of the code span.
    return [caller, dependency, request.replace(/^[^(]*[^( ]/, '`$&`'), String(normal)].concat(outcomes);
  });
  const widths = head.map((title, column) => Math.max(title.length, ...body.map((line) => line[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return `# Resilience

What a client gets when something that a process depends on is \`down\` (refuses connections), \`slow\` (each response comes 5 s late), resets
each connection that is used, hangs (accepts connections and says nothing), or responds with garbage: the status, and the seconds within
which it comes. Every 502, 503 and 504 has \`Retry-After\`. Within ${recovery} s of the end of the fault each request works again, and events that
waited are delivered.

\`npm run test:large -- resilience\` tests every cell on real processes, through a TCP proxy. The table is written from
\`packages/e2e/src/resilience/cells.ts\` by \`npm run resilience-table\`.

${line(head)}
| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |
${body.map(line).join('\n')}
`;
}
