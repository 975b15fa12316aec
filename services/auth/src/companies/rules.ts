import type { Role } from '@clientela/contracts';
import type { FieldError } from '@clientela/errors';
import { documentNumberError, Uuid } from '@clientela/validation';

/** The key by which people call a company: COMP-001 up. */
export const companyIdOf = (number: number): string => `COMP-${String(number).padStart(3, '0')}`;

type Written = { [Field in 'company_id' | 'company_key']?: string | undefined } & {
  [Field in 'document_type' | 'document_number']?: string | null | undefined;
};

/**
 * What is wrong with the values of a company beyond each one's form.
 * @param after the company as it would be
 * @param changed the fields that would change
 */
export function companyFaults(after: Written, changed: readonly string[]): FieldError[] {
  const { company_id, company_key, document_type, document_number } = after;
  const faults: FieldError[] = [];
  if (changed.includes('company_key') && company_key && company_key !== company_id && reserved(company_key)) {
    faults.push({ path: 'company_key', message: 'must not begin with COMP- nor be a UUID' });
  }
  if ((changed.includes('document_type') || changed.includes('document_number')) && document_type && document_number) {
    const message = documentNumberError(document_type, document_number);
    if (message) faults.push({ path: 'document_number', message });
  }
  return faults;
}

/** Keys that would be taken for another company's own. */
const reserved = (key: string): boolean => key.startsWith('COMP-') || Uuid.safeParse(key).success;

const superusers: ReadonlySet<string> = new Set(['status', 'days_credit', 'company_key']);

/** Which of the changed fields the role may not write. */
export const forbiddenFields = (role: Role | 'service', changed: readonly string[]): string[] =>
  role === 'superuser' ? [] : changed.filter((field) => superusers.has(field));
