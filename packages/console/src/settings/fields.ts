import type { Company } from '@clientela/client';

const texts = ['name', 'business_name', 'document_type', 'document_number', 'country', 'currency'] as const;
const switches = ['require_mfa', 'open_registration'] as const;
export const companyFields = [...texts, ...switches];

/** The fields of the form, as texts; a switch is `true` or `false`. */
export type CompanyValues = Record<(typeof texts)[number] | (typeof switches)[number], string>;

export const valuesOf = (company: Company): CompanyValues =>
  Object.fromEntries(companyFields.map((key) => [key, String(company[key] ?? '')])) as CompanyValues;

/** What the API takes of some fields. Empty texts that may be absent are none. */
export function bodyOf(changes: Partial<CompanyValues>): Record<string, string | boolean | null> {
  const valueOf = (key: string, value: string) => {
    if (switches.some((name) => name === key)) return value === 'true';
    const trimmed = value.trim();
    if (key === 'country' || key === 'currency') return trimmed.toUpperCase();
    return trimmed === '' && key !== 'name' ? null : trimmed;
  };
  return Object.fromEntries(Object.entries(changes).map(([key, value]) => [key, valueOf(key, value)]));
}
