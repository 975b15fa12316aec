import type { Role } from '@clientela/contracts';
import type { FieldError } from '@clientela/errors';
import { documentNumberError, resolveDocumentNumber, Uuid } from '@clientela/validation';
import { countryMessage, isCountry } from '@clientela/validation/countries';

/** Formats the readable key of a company, from COMP-001 on. */
export const formatCompanyId = (number: number): string => `COMP-${String(number).padStart(3, '0')}`;

type CompanyValues = { [Field in 'company_id' | 'company_key' | 'country']?: string | undefined } & {
  [Field in 'document_type' | 'document_number']?: string | null | undefined;
};

/**
 * Validates rules that span several fields of a company.
 * @param after the company with the changes applied
 * @param changed names of the changed fields
 */
export function companyErrors(after: CompanyValues, changed: readonly string[]): FieldError[] {
  const { company_id, company_key, country, document_type, document_number } = after;
  const errors: FieldError[] = [];
  if (changed.includes('company_key') && company_key && company_key !== company_id && isReservedKey(company_key)) {
    errors.push({ path: 'company_key', message: 'must not begin with COMP- or be a UUID' });
  }
  if (changed.includes('country') && country && !isCountry(country))
    errors.push({ path: 'country', message: countryMessage });
  if ((changed.includes('document_type') || changed.includes('document_number')) && document_type && document_number) {
    const message = documentNumberError(document_type, document_number, country);
    if (message) errors.push({ path: 'document_number', message });
  }
  return errors;
}

type Document = Pick<CompanyValues, 'document_type' | 'document_number'>;

/** Returns the document number as it is stored after a change. */
export function documentNumberAfter(stored: Document, changed: Document): string | null {
  const { document_type: type, document_number: number } = { ...stored, ...changed };
  return resolveDocumentNumber({ type: stored.document_type, number: stored.document_number }, { type, number });
}

/** Whether a key could be mistaken for another company's COMP key or id. */
const isReservedKey = (key: string): boolean => key.startsWith('COMP-') || Uuid.safeParse(key).success;

const superuserFields: ReadonlySet<string> = new Set(['status', 'days_credit', 'company_key']);

/** Returns the changed fields that the role may not write. */
export const forbiddenFields = (role: Role | 'service', changed: readonly string[]): string[] =>
  role === 'superuser' ? [] : changed.filter((field) => superuserFields.has(field));
