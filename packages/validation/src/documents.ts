// One by one: the package's own index loads the validators of a hundred countries.
import * as cnpj from 'stdnum/lib/cjs/br/cnpj.js';
import * as cpf from 'stdnum/lib/cjs/br/cpf.js';
import * as chile from 'stdnum/lib/cjs/cl/rut.js';
import * as nit from 'stdnum/lib/cjs/co/nit.js';
import { text } from './field-types.ts';

/** The kind of an identity document: a code, in any case; stored lower case. */
export const DocumentType = text(50)
  .overwrite((code) => code.toLowerCase())
  .refine((code) => /^[a-z][a-z0-9_]*$/.test(code), 'must be a code of letters, digits and _');

/** A document's number as typed; it loses spaces, dots and hyphens. */
export const DocumentNumber = text(100)
  .overwrite((number) => normalizeDocumentNumber(number))
  .refine((number) => number.length > 0, 'must have a letter or digit');

/** A document number without spaces, dots and hyphens, in upper case. */
export const normalizeDocumentNumber = (number: string): string => number.replaceAll(/[\s.-]/g, '').toUpperCase();

/** How a type's numbers are checked. A RUT is Colombia's, which is its NIT, or Chile's. */
const checks: Readonly<Record<string, (number: string) => boolean>> = {
  cpf: (number) => cpf.validate(number).isValid,
  cnpj: (number) => cnpj.validate(number).isValid,
  nit: (number) => bare.test(number) || nit.validate(number).isValid,
  rut: (number) => bare.test(number) || nit.validate(number).isValid || chile.validate(number).isValid,
};
/** NIT and RUT without their check digit. */
const bare = /^\d{9}$/;

/**
 * What is wrong with a document number of this type; undefined when nothing is.
 * NIT and RUT may come without their check digit (nine digits); a given one must be right. CPF and CNPJ are always checked.
 */
export function documentNumberError(type: string, number: string): string | undefined {
  const check = Object.hasOwn(checks, type) ? checks[type] : undefined;
  return !check || check(number) ? undefined : `is not a valid ${type.toUpperCase()}`;
}
