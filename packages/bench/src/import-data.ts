import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { domains, firstNames, labels, lastNames } from './customers-names.ts';

const columns = 'Id,First name,Last name,Email,Phone,Birthday,Address,City,Postal code,Country,Tags,Notes';

/** Writes a CSV file of people, the same in every run. */
export const writeCustomersFile = (path: string, rows: number): Promise<void> =>
  pipeline(Readable.from(linesOf(rows)), createWriteStream(path));

function* linesOf(rows: number): Generator<string> {
  yield `${columns}\n`;
  let lines = '';
  for (let row = 1; row <= rows; row += 1) {
    lines += lineOf(row);
    if (row % 1000 === 0 || row === rows) {
      yield lines;
      lines = '';
    }
  }
}

/** A pseudo-random number from 0 to 1 for each row and purpose. */
function chance(row: number, purpose: number): number {
  let value = Math.imul(row ^ (purpose * 0x9e_37_79_b1), 0x85_eb_ca_6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2_b2_ae_35);
  return ((value ^ (value >>> 16)) >>> 0) / 2 ** 32;
}

function lineOf(row: number): string {
  const has = (purpose: number, share: number) => chance(row, purpose) < share;
  /** Earlier items are more frequent. */
  const pick = (items: readonly string[], purpose: number) =>
    items[Math.floor(items.length * chance(row, purpose) ** 2.2)] ?? '';
  const [first, last, second] = [pick(firstNames, 1), pick(lastNames, 2), pick(lastNames, 3)];
  const local = `${first}.${last}`
    .normalize('NFKD')
    .replaceAll(/[^a-zA-Z.]/g, '')
    .toLowerCase();
  const digits = (purpose: number, amount: number) => Math.floor(chance(row, purpose) * amount);
  const address = has(10, 0.5)
    ? [`Calle Mayor ${digits(11, 300)}`, 'Valencia', String(46_000 + digits(12, 25)), 'España']
    : ['', '', '', ''];
  return `${[
    `IMPORT-${row}`,
    first,
    `${last} ${second}`,
    has(4, 0.9) ? `x${local.replaceAll(/^\.|\.$/g, '')}${row}@${pick(domains, 5)}` : '',
    has(6, 0.8) ? `72${String((row * 7919) % 10_000_000).padStart(7, '0')}` : '', // loaded customers have none of these
    has(7, 0.5) ? `${1940 + digits(8, 65)}-0${1 + digits(9, 9)}-${10 + digits(13, 18)}` : '',
    ...address,
    has(14, 0.2) ? pick(labels, 15) : '',
    has(16, 0.05) ? 'Prefers mornings.' : '',
  ].join(',')}\n`;
}
