import { Country, CountryCode } from '@clientela/validation/countries';
import {
  creationBody,
  Currency,
  DocumentNumber,
  DocumentType,
  Instant,
  keyword,
  offsetPageSchema,
  offsetQuery,
  text,
  Uuid,
  type IgnoredFields,
  nameSchemas,
} from '@clientela/validation';
import { z } from 'zod';

/** References a company by its UUID or its readable key. */
export const CompanyReference = z
  .union([Uuid, z.string().regex(/^[A-Za-z0-9-]{2,50}$/)], 'must be a UUID or a company key')
  .meta({ examples: ['COMP-001'] });

const Status = z.enum(['active', 'inactive', 'suspended']);

export const Company = z.strictObject({
  id: Uuid,
  company_id: z.string().meta({ examples: ['COMP-001'] }),
  company_key: z.string(),
  name: z.string(),
  business_name: z.string().nullable(),
  document_type: z.string().nullable(),
  document_number: z.string().nullable(),
  country: z.string(),
  currency: z.string(),
  status: Status,
  active: z.boolean().meta({ description: 'Whether the status is active' }),
  days_credit: z.int(),
  open_registration: z.boolean().meta({ description: 'Whether anyone may register as a customer of the company' }),
  require_mfa: z.boolean().meta({ description: 'Whether every user but customers needs a second factor' }),
  total_users: z.int(),
  total_active_users: z.int(),
  created_at: Instant,
  updated_at: Instant,
  version: z.int(),
});
export type Company = z.infer<typeof Company>;

const CompanyKey = z
  .string()
  .overwrite((key) => key.toUpperCase())
  .regex(/^[A-Z0-9-]{2,50}$/, 'must have 2 to 50 characters of A-Z 0-9 -');

/** The writable fields; only superusers may write status, days_credit and company_key. */
export const WritableCompany = z.strictObject({
  name: text(500),
  business_name: text(500).nullable(),
  document_type: DocumentType.nullable(),
  document_number: DocumentNumber.nullable(),
  country: CountryCode,
  currency: Currency,
  open_registration: z.boolean(),
  require_mfa: z.boolean(),
  status: keyword(Status.options),
  days_credit: z.int().min(0).max(36_500),
  company_key: CompanyKey,
});
export type CompanyDefaults = Pick<Company, 'country' | 'currency'>;
export type CompanyChanges = Partial<z.infer<typeof WritableCompany>>;

/** Fields of a body that have no effect: users come and go. */
export const ignoredFields: IgnoredFields = {
  moving: ['total_users', 'total_active_users'] satisfies (keyof Company)[],
};

const newCompany = WritableCompany.omit({ status: true })
  .partial()
  .extend({
    name: text(500),
    country: Country.optional(),
    open_registration: z.boolean().default(false),
    require_mfa: z.boolean().default(false),
    days_credit: WritableCompany.shape.days_credit.default(0),
  });
export const NewCompany = creationBody(Company, newCompany, ignoredFields);
export type NewCompany = z.infer<typeof NewCompany>;

export const CompanyQuery = z.strictObject(offsetQuery);
export const CompanyList = offsetPageSchema('companies', Company);
/** Accepts an id, a COMP key or a company_key. */
export const CompanyParams = z.strictObject({ company_id: CompanyReference });

nameSchemas({ Company, NewCompany, CompanyList });
