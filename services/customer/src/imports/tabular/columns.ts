import { comparedName } from './headers/names.ts';
import { findLanguage, findRoles, type Role } from './roles.ts';
import type { Language } from './headers/tables.ts';

/** A column of a table. */
export type Column = {
  /** As the header has it; with a number where the header has it twice, `Column F` where it has none. */
  name: string;
  role: Role;
  /** Whether the caller's mapping names the role. */
  is_chosen?: true;
};

/** Names the columns so that each name is unique. */
export function uniqueNames(header: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return header.map((cell, index) => {
    const name = cell.replaceAll(/\s+/g, ' ').trim() || `Column ${letters(index)}`;
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count === 1 ? name : `${name} (${count})`;
  });
}

/** The letters by which a spreadsheet names a column: A, B, … Z, AA. */
const letters = (index: number): string =>
  (index >= 26 ? letters(Math.floor(index / 26) - 1) : '') + String.fromCodePoint(65 + (index % 26));

/**
 * Decides what each column holds: by the caller's mapping, else by its name. Others are kept in metadata.
 * @param mapping role by name of a column, in any spelling; null leaves the column behind
 */
export function assignRoles(
  header: readonly string[],
  mapping: Readonly<Record<string, Role | null>>,
): { columns: Column[]; language: Language } {
  const language = findLanguage(header);
  const roles = findRoles(header, language);
  const chosen = new Map(Object.entries(mapping).map(([name, role]) => [comparedName(name), role ?? 'left_behind']));
  const names = uniqueNames(header);
  const columns = names.map((name, index): Column => {
    const role = chosen.get(comparedName(name));
    return role === undefined ? { name, role: roles[index] ?? 'metadata' } : { name, role, is_chosen: true };
  });
  const isUsed = ({ role }: Column) =>
    !role.endsWith('.type') || columns.some((other) => `${other.role}.type` === role);
  // A type is kept with its value only; addresses have theirs for the whole group.
  return {
    columns: columns.map((column) => (isUsed(column) || isTypeOfAddress(column) ? column : leftBehind(column))),
    language,
  };
}

const isTypeOfAddress = ({ role }: Column): boolean => role.startsWith('address.');
const leftBehind = ({ name }: Column): Column => ({ name, role: 'left_behind' });
