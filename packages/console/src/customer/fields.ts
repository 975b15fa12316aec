import type { ParseKeys } from 'i18next';
import type { Values } from '../forms/three-way.ts';

export type Field = {
  path: string;
  label: ParseKeys;
  kind?: 'email' | 'tel' | 'date' | 'gender' | 'language' | 'region';
};
/** The type of the input in which a field is typed. */
export const inputType = ({ kind }: Field): 'email' | 'tel' | 'date' | 'text' =>
  kind === 'email' || kind === 'tel' || kind === 'date' ? kind : 'text';

export type Section = { title: ParseKeys; fields: readonly Field[] };

/** The record of a customer, by sections. */
export const sections: readonly Section[] = [
  {
    title: 'customer.section.contact',
    fields: [
      { path: 'full_name', label: 'customer.field.full_name' },
      { path: 'email', label: 'customer.field.email', kind: 'email' },
      { path: 'phone', label: 'customer.field.phone', kind: 'tel' },
      { path: 'preferences.language', label: 'customer.field.language', kind: 'language' },
    ],
  },
  {
    title: 'customer.section.address',
    fields: [
      { path: 'address.line', label: 'customer.field.line' },
      { path: 'address.city', label: 'customer.field.city' },
      { path: 'address.state', label: 'customer.field.state' },
      { path: 'address.zip_code', label: 'customer.field.zip_code' },
      { path: 'address.country', label: 'customer.field.country', kind: 'region' },
    ],
  },
  {
    title: 'customer.section.person',
    fields: [
      { path: 'birthday', label: 'customer.field.birthday', kind: 'date' },
      { path: 'gender', label: 'customer.field.gender', kind: 'gender' },
      { path: 'document_type', label: 'customer.field.document_type' },
      { path: 'document_number', label: 'customer.field.document_number' },
      { path: 'external_id', label: 'customer.field.external_id' },
    ],
  },
];

const all = sections.flatMap(({ fields }) => fields);
/** Some fields, in the order of the record. */
export const fieldsOf = (paths: readonly string[]): Field[] => all.filter(({ path }) => paths.includes(path));

const labels = new Map(all.map(({ path, label }) => [path, label] as const));
/** The label of a field by its path; undefined for one that the record does not show. */
export const labelOf = (path: string): ParseKeys | undefined => labels.get(path);

/** Turns paths into the body of a request: `{ 'address.city': x }` into `{ address: { city: x } }`. */
export function toBody(values: Values): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  for (const [path, value] of Object.entries(values)) {
    const [name = '', child] = path.split('.');
    if (child === undefined) body[name] = value;
    else body[name] = { ...(body[name] as object | undefined), [child]: value };
  }
  return body;
}
