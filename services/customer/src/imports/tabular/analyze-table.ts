import { isExportHeader } from '../../exports/columns.ts';
import { dateOrderOf } from '../values/dates.ts';
import { genderOfM } from '../values/gender.ts';
import type { DateOrder } from '../values/person.ts';
import { assignRoles, type Column } from './columns.ts';
import type { Language } from './headers/tables.ts';
import { createRoleCheck } from './fit-roles.ts';
import { findTable } from './layout.ts';
import { ownExportColumns } from './own-export.ts';
import type { Role } from './roles.ts';
import { readRows, type Layout } from './rows.ts';

/** What is known of a table before its rows are imported. */
export type TableAnalysis = Layout & {
  format: 'csv' | 'tsv';
  /** Row of the header as a spreadsheet counts. */
  header_row: number;
  columns: Column[];
  /** Whether it is an export of this service, whose cells are read as they were written. */
  is_own_export: boolean;
  language: Language;
  date_order: DateOrder;
  gender_of_m: 'male' | 'female';
};

export type TableSummary = {
  /** Rows that are not wholly empty. */
  rows: number;
  mapping: Record<string, Role>;
  left_behind: string[];
  warnings: string[];
};

export type TableOptions = {
  encoding: string;
  separator?: string | undefined;
  /** Role by name of a column; null leaves the column behind. */
  mapping?: Readonly<Record<string, Role | null>> | undefined;
};

/**
 * Finds out how a table is to be read, in one pass over all of its rows.
 * @param head decoded first part of the file
 * @throws AppError for a table that cannot be read
 */
export async function analyzeTable(
  path: string,
  head: string,
  { encoding, separator, mapping = {} }: TableOptions,
  signal?: AbortSignal,
): Promise<TableAnalysis & TableSummary> {
  const table = findTable(head, separator, Object.keys(mapping));
  const { header, ...layout } = { ...table, encoding };
  const isOwnExport = isExportHeader(header) && Object.keys(mapping).length === 0;
  const { columns: assigned, language } = assignRoles(header, mapping);
  const facts = await collectFacts(path, layout, isOwnExport ? ownExportColumns(header) : assigned, signal);
  const { columns } = facts;
  return {
    ...layout,
    format: layout.separator === '\t' ? 'tsv' : 'csv',
    columns,
    is_own_export: isOwnExport,
    language,
    date_order: facts.date_order ?? (language === 'en' ? 'mdy' : 'dmy'),
    gender_of_m: genderOfM(facts.genders),
    rows: facts.rows,
    ...describeColumns(columns, facts.filled),
    warnings: facts.warnings,
  };
}

type Facts = {
  rows: number;
  columns: Column[];
  /** Whether a column has a value in any row. */
  filled: boolean[];
  date_order: DateOrder | undefined;
  genders: Set<string>;
  warnings: string[];
};

const maxGenders = 50;

async function collectFacts(
  path: string,
  layout: Layout & { header_row: number },
  columns: readonly Column[],
  signal: AbortSignal | undefined,
): Promise<Facts> {
  const facts: Facts = {
    rows: 0,
    columns: [...columns],
    filled: columns.map(() => false),
    date_order: undefined,
    genders: new Set(),
    warnings: [],
  };
  const birthday = columns.findIndex(({ role }) => role === 'birthday');
  const gender = columns.findIndex(({ role }) => role === 'gender');
  const secret = columns.findIndex(({ role }) => role === 'private');
  const roles = createRoleCheck(columns);
  let privates = 0;
  let isAmbiguous = false;
  for await (const { number, cells, fault } of readRows(path, layout, signal)) {
    if (number <= layout.header_row) continue;
    if (isEmpty(cells) && fault === undefined) continue;
    facts.rows += 1;
    for (let index = 0; index < columns.length; index += 1) if (cells[index]) facts.filled[index] = true;
    roles.add(cells);
    facts.date_order ??= dateOrderOf(cells[birthday] ?? '');
    isAmbiguous ||= ambiguousDate.test(cells[birthday] ?? '');
    const word = cells[gender];
    if (word && facts.genders.size < maxGenders) facts.genders.add(word);
    if (secret >= 0 && isYes.test(cells[secret] ?? '')) privates += 1;
  }
  if (privates > 0) facts.warnings.push(`${rowsAre(privates)} marked as private and imported like the others`);
  if (facts.date_order === undefined && isAmbiguous)
    facts.warnings.push(
      `The order of day and month in column ${columns[birthday]?.name ?? ''} is that of the header's language; no date shows it`,
    );
  return { ...facts, columns: roles.fit() };
}

const rowsAre = (count: number): string => (count === 1 ? '1 row is' : `${count} rows are`);
const ambiguousDate = /^\s*\d{1,2}[/-]\d{1,2}[/-]\d{2,4}/;
const isYes = /^\s*(?:true|yes|1|истина|да|verdadero|verdadeiro|adevărat|sí|sim|da)\s*$/i;

/** Whether a row has no value. */
export const isEmpty = (cells: readonly string[]): boolean => cells.every((cell) => cell.trim() === '');

function describeColumns(columns: readonly Column[], filled: readonly boolean[]) {
  const used = columns.filter((_, index) => filled[index]);
  const isLeft = ({ role }: Column) => role === 'left_behind' || role === 'private';
  return {
    mapping: Object.fromEntries(used.filter((column) => !isLeft(column)).map(({ name, role }) => [name, role])),
    left_behind: used.filter(isLeft).map(({ name }) => name),
  };
}
