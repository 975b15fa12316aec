import type { TFunction } from 'i18next';
import { expect, test } from 'vitest';
import messages from '../messages/en/imports.json' with { type: 'json' };
import { fieldText } from './field-text.ts';

const texts: Record<string, string> = messages.fields;
const t = ((key: string, { defaultValue }: { defaultValue: string }) =>
  texts[key.slice('imports.fields.'.length)] ?? defaultValue) as unknown as TFunction;

test.each([
  ['email', 'E-mail'],
  ['phone.main', 'Main phone'],
  ['birthday.year', 'Year of birth'],
  ['address.zip_code', 'Postal code'],
  ['address.home.city', 'City (home)'],
  ['address.2.type', 'Kind of address (2)'],
  ['phone.2', 'Phone (2)'],
  ['phone.2.type', 'Phone (2, type)'],
  ['document.cnpj', 'Document number (cnpj)'],
  ['metadata.Shoe size', 'Additional data (Shoe size)'],
  ['left_behind', 'Leave out'],
  ['last_auth_at', 'last_auth_at'],
])('the field %s is shown as %s', (field, text) => {
  expect(fieldText(field, t)).toBe(text);
});
