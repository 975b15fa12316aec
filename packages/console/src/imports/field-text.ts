import type { TFunction } from 'i18next';

const known = (field: string, t: TFunction): string =>
  t(`imports.fields.${field.replaceAll('.', '-')}` as 'imports.fields.email', { defaultValue: '' });

/**
 * Names a field of an import's mapping in words. What the API tells apart beyond them stands behind, as in `City (home)`, `Phone (2)` or
 * `Document number (cnpj)`.
 */
export function fieldText(field: string, t: TFunction): string {
  const exact = known(field, t);
  if (exact !== '') return exact;
  const [name = '', ...rest] = field.split('.');
  const isAddress = name === 'address' && rest.length > 1;
  const last = isAddress ? rest.pop() : undefined;
  const base = isAddress ? `address.${last}` : name === 'document' ? 'document_number' : name;
  const text = known(base, t);
  return text === '' ? field : `${text} (${rest.join(', ')})`;
}
