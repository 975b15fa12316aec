import type { Query } from '@clientela/client';
import type { SortKey } from '../ui/grid-header.tsx';

const statuses = ['active', 'inactive', 'suspended'] as const;
const types = ['regular', 'premium', 'vip'] as const;
export type Status = (typeof statuses)[number];
export type Type = (typeof types)[number];
export { statuses, types };

/** The filters that the API has, each a search parameter of the address. */
export type Filters = {
  status?: Status;
  type?: Type;
  tag?: string;
  created_from?: string;
  created_to?: string;
  last_order_from?: string;
  last_order_to?: string;
  min_lifetime_value?: string;
  /** All customers, deleted ones included. */
  all?: true;
};
export type FilterName = keyof Filters;

export type CustomersSearch = Filters & { q?: string; sort?: string };

const sortable = new Set(['created_at', 'full_name', 'last_order_date', 'lifetime_value', 'total_orders']);
const text = (value: unknown, max: number) =>
  (typeof value === 'string' || typeof value === 'number') && String(value).trim() !== ''
    ? String(value).slice(0, max)
    : undefined;
const date = (value: unknown) => (/^\d{4}-\d{2}-\d{2}$/.test(String(value)) ? String(value) : undefined);
const oneOf = <V extends string>(values: readonly V[], value: unknown) => values.find((each) => each === value);

/** Reads the state of the table from the address, and leaves out what it does not know. */
export function customersSearch(raw: Record<string, unknown>): CustomersSearch {
  const order = text(raw['sort'], 100);
  const sort = order === undefined ? [] : parseSort(order).filter(({ name }) => sortable.has(name));
  const search: { [Name in keyof CustomersSearch]: CustomersSearch[Name] | undefined } = {
    q: text(raw['q'], 200),
    sort: sort.length > 0 ? formatSort(sort) : undefined,
    status: oneOf(statuses, raw['status']),
    type: oneOf(types, raw['type']),
    tag: text(raw['tag'], 50),
    created_from: date(raw['created_from']),
    created_to: date(raw['created_to']),
    last_order_from: date(raw['last_order_from']),
    last_order_to: date(raw['last_order_to']),
    min_lifetime_value: /^\d{1,12}(\.\d{1,2})?$/.test(String(raw['min_lifetime_value']))
      ? String(raw['min_lifetime_value'])
      : undefined,
    all: raw['all'] === true ? true : undefined,
  };
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined));
}

export const parseSort = (list = '-created_at'): SortKey[] =>
  list.split(',').map((field) => ({ name: field.replace(/^-/, ''), descending: field.startsWith('-') }));
export const formatSort = (keys: readonly SortKey[]): string =>
  keys.map(({ name, descending }) => `${descending ? '-' : ''}${name}`).join(',');

/** What the API is asked for. */
export function toQuery({ q, all, ...rest }: CustomersSearch): Omit<Query<'customers.list'>, 'cursor' | 'page'> {
  return { ...rest, ...(q !== undefined && { search: q }), ...(all && { active_only: false }) };
}
