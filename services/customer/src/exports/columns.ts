import { Customer } from '../customers/schema.ts';

/** A column of a CSV export: a field of a customer, or one part of its address or preferences. */
export type Column = { name: string; field: keyof Customer; part?: string };

const partsOf: Partial<Record<keyof Customer, readonly string[]>> = {
  address: Object.keys(Customer.shape.address.unwrap().shape),
  preferences: Object.keys(Customer.shape.preferences.shape),
};

/** All columns in the order of the file, named as the API names the fields: `full_name`, `address.line`, `preferences.newsletter`. */
export const columns: readonly Column[] = Customer.keyof().options.flatMap(
  (field): Column[] =>
    partsOf[field]?.map((part) => ({ name: `${field}.${part}`, field, part })) ?? [{ name: field, field }],
);

/** Names that `columns=` accepts: those of the columns, and `address` and `preferences` for all of their parts. */
export const columnNames: readonly string[] = [...columns.map(({ name }) => name), ...Object.keys(partsOf)];

/** Selects columns by name, each once, in the order in which they are named. */
export const selectColumns = (names: readonly string[]): readonly Column[] => [
  ...new Set(names.flatMap((name) => columns.filter((column) => column.name === name || column.field === name))),
];

const knownNames = new Set(columns.map(({ name }) => name));

/**
 * Whether a header is that of our own export, whose cells `restoreText` reads back. Besides knowing every name it requires one that no
 * other system uses: `business_id`, or a part such as `address.line`.
 */
export const isExportHeader = (header: readonly string[]): boolean =>
  new Set(header).size === header.length &&
  header.every((name) => knownNames.has(name)) &&
  header.some((name) => name === 'business_id' || name.includes('.'));
