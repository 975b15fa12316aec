// Imported one by one, because the package's index loads the validators of a hundred countries.
import * as cnpj from 'stdnum/lib/cjs/br/cnpj.js';
import * as cpf from 'stdnum/lib/cjs/br/cpf.js';
import * as chile from 'stdnum/lib/cjs/cl/rut.js';
import * as nit from 'stdnum/lib/cjs/co/nit.js';
import { text } from './text.ts';

/** The type of an identity document: a code, accepted in any case, stored in lower case. */
export const DocumentType = text(50)
  .overwrite((code) => code.toLowerCase())
  .refine((code) => /^[a-z][a-z0-9_]*$/.test(code), 'must be a code of letters, digits and _');

/** A document number. Spaces, dots and hyphens are removed. */
export const DocumentNumber = text(100)
  .overwrite((number) => normalizeDocumentNumber(number))
  .refine((number) => number.length > 0, 'must have a letter or digit');

/** Removes spaces, dots and hyphens and converts to upper case. */
export const normalizeDocumentNumber = (number: string): string => number.replaceAll(/[\s.-]/g, '').toUpperCase();

/** The validators by document type. `rut` is either Colombia's (the same as its NIT) or Chile's. */
const validators: Readonly<Record<string, (number: string) => boolean>> = {
  cpf: (number) => cpf.validate(number).isValid,
  cnpj: (number) => cnpj.validate(number).isValid,
  nit: (number) => withoutCheckDigit.test(number) || nit.validate(number).isValid,
  rut: (number) => withoutCheckDigit.test(number) || nit.validate(number).isValid || chile.validate(number).isValid,
};
/** A NIT or RUT without its check digit. */
const withoutCheckDigit = /^\d{9}$/;

/**
 * Validates the check digits of a document number.
 * NIT and RUT may omit the check digit (nine digits). CPF and CNPJ must have theirs. Other types are not validated.
 * @returns the error message, or undefined for a valid number
 */
export function documentNumberError(type: string, number: string): string | undefined {
  const isValid = Object.hasOwn(validators, type) ? validators[type] : undefined;
  return !isValid || isValid(number) ? undefined : `is not a valid ${type.toUpperCase()}`;
}
