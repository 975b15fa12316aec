import {
  creationBody,
  DocumentNumber,
  DocumentType,
  Birthday,
  Email,
  Instant,
  integer,
  ignoring,
  keyword,
  Metadata,
  queryBoolean,
  Money,
  text,
  Uuid,
  type IgnoredFields,
  nameSchemas,
} from '@clientela/validation';
import { Phone } from '@clientela/validation/phones';
import { z } from 'zod';
import { Labels } from '../tags/schema.ts';
import { contactErrors, documentErrors } from './rules.ts';

const Gender = z.enum(['male', 'female', 'other']);
/** Accepts a gender in any case, or its first letter. */
const GenderInput = keyword(Gender.options, { m: 'male', f: 'female' });

export const Status = z.enum(['active', 'inactive', 'suspended']);
export type Status = z.infer<typeof Status>;
export const Type = z.enum(['regular', 'premium', 'vip']);
export type Type = z.infer<typeof Type>;
export const StatusInput = keyword(Status.options);
export const TypeInput = keyword(Type.options);

const Address = z.strictObject({
  line: z.string().nullable(),
  city: z.string().nullable(),
  state: z.string().nullable(),
  zip_code: z.string().nullable(),
  country: z.string().nullable(),
});
export type Address = z.infer<typeof Address>;

const AddressInput = z
  .strictObject({
    line: text(500).nullable(),
    city: text(255).nullable(),
    state: text(255).nullable(),
    zip_code: text(50).nullable(),
    country: text(255).nullable(),
  })
  .partial();

const language = /^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*$/;
const Preferences = z.strictObject({
  newsletter: z.boolean(),
  notifications: z.boolean(),
  language: text(35).refine((tag) => language.test(tag), 'must be a language tag such as en or pt-BR'),
});
export type Preferences = z.infer<typeof Preferences>;

export const Customer = z.strictObject({
  id: Uuid,
  number: z.int(),
  business_id: Uuid,
  user_id: Uuid.nullable(),
  external_id: z.string().nullable(),
  full_name: z.string().nullable(),
  firstname: z.string().nullable(),
  lastname: z.string().nullable(),
  email: z.string().nullable(),
  phone: z.string().nullable(),
  gender: Gender.nullable(),
  birthday: z.iso.date().nullable(),
  city_id: z.int().nullable(),
  document_type: z.string().nullable(),
  document_number: z.string().nullable(),
  address: Address.nullable(),
  avatar_url: z.string().nullable(),
  status: Status,
  type: Type,
  is_active: z.boolean(),
  preferences: Preferences,
  metadata: z.record(z.string(), z.json()),
  tags: z.array(z.string()),
  total_orders: z.int(),
  total_appointments: z.int(),
  total_complaints: z.int(),
  open_complaints: z.int(),
  last_order_date: Instant.nullable(),
  last_appointment_date: Instant.nullable(),
  last_complaint_date: Instant.nullable(),
  lifetime_value: Money,
  currency: z.string(),
  last_auth_at: Instant.nullable(),
  created_at: Instant,
  updated_at: Instant,
  version: z.int().meta({ description: 'Raised by every change but those of the counters' }),
});
export type Customer = z.infer<typeof Customer>;

/** Kept in `customer_counters`. */
export const counterColumns = [
  'total_orders',
  'total_appointments',
  'total_complaints',
  'open_complaints',
  'last_order_date',
  'last_appointment_date',
  'last_complaint_date',
  'lifetime_value',
  'currency',
] as const satisfies readonly (keyof Customer)[];

/** Fields of a body that have no effect. Events and counters change them, so a client's values may be older. */
export const ignoredFields: IgnoredFields = {
  moving: counterColumns,
  whenNull: ['avatar_url'] satisfies (keyof Customer)[],
};

export const WritableCustomer = z.strictObject({
  user_id: Uuid.nullable(),
  external_id: text(100).nullable(),
  full_name: text(255).nullable(),
  firstname: text(255).nullable(),
  lastname: text(255).nullable(),
  email: Email.nullable(),
  phone: Phone.nullable(),
  gender: GenderInput.nullable(),
  birthday: Birthday.nullable(),
  city_id: integer(0, 2_147_483_647).nullable(),
  document_type: DocumentType.nullable(),
  document_number: DocumentNumber.nullable(),
  address: AddressInput.nullable(),
  preferences: Preferences.partial(),
  metadata: Metadata,
  last_auth_at: Instant.nullable(),
});
export type CustomerInput = Partial<z.infer<typeof WritableCustomer>>;

/** Writable columns as stored, with the origin of the full name and the phone as it was typed. */
export type CustomerFields = Pick<Customer, keyof typeof WritableCustomer.shape> & {
  full_name_built: boolean;
  phone_typed: string | null;
};

/** Runs a refinement even when single fields are invalid, so that one response lists all errors. */
const runWithFieldErrors = {
  when: ({ value }: { value: unknown }) => typeof value === 'object' && value !== null && !Array.isArray(value),
};

function addErrors(errors: ReturnType<typeof documentErrors>, context: z.core.$RefinementCtx): void {
  const reported = new Set(context.issues.map(({ path }) => path?.[0]));
  for (const { path, message } of errors) {
    if (!reported.has(path)) context.addIssue({ code: 'custom', path: [path], message });
  }
}

const newCustomer = WritableCustomer.partial()
  .extend({
    business_id: Uuid.optional().meta({ description: 'Must be your own company' }),
    number: integer(1, 9_999_999)
      .optional()
      .meta({ description: 'A number below 10,000,000; omitted: the next free number' }),
    status: StatusInput.prefault('active'),
    type: TypeInput.prefault('regular'),
    tags: Labels.optional().meta({ description: 'Labels' }),
  })
  .superRefine(
    (input, context) => addErrors([...contactErrors(input), ...documentErrors(input)], context),
    runWithFieldErrors,
  );
export const NewCustomer = creationBody(Customer, newCustomer, {
  ...ignoredFields,
  whenNull: [...(ignoredFields.whenNull ?? []), 'business_id'],
});
export type NewCustomer = z.infer<typeof NewCustomer>;

/**
 * Schema of a PUT or PATCH body, built by patchBody. The record decides whether a document is a new one, which must be valid; beside other
 * errors it is checked at once, so that one response lists all errors.
 */
export const checkedPatch = (body: z.ZodObject) =>
  ignoring(
    body.extend({ business_id: Uuid.optional() }).superRefine((input, context) => {
      const { document_type, document_number } = input;
      if (typeof document_type === 'string' && context.issues.length > 0)
        addErrors(documentErrors({ document_type, document_number }), context);
    }, runWithFieldErrors),
    ignoredFields,
  );

export const CustomerId = z.strictObject({ customer_id: Uuid });
/** Id or customer number. */
export const CustomerKey = z.strictObject({ key: z.union([Uuid, z.string().regex(/^\d{1,15}$/)]) });

/** Customer as the actor may see it: role customer does not see tags, metadata and external_id. */
const VisibleCustomer = Customer.partial({ tags: true, metadata: true, external_id: true });
export const CustomerResponse = z.strictObject({ customer: VisibleCustomer });
export const SavedCustomerResponse = z.strictObject({ message: z.string(), customer: VisibleCustomer });
export const StatusChange = z.strictObject({
  status: StatusInput,
  reason: text(500).nullable().optional().meta({ description: 'Stored in the history' }),
});
export type StatusChange = z.infer<typeof StatusChange>;
export const TypeChange = z.strictObject({ type: TypeInput });
export const DeleteQuery = z.strictObject({ hard_delete: queryBoolean.default(false) });

nameSchemas({
  Customer,
  NewCustomer,
  VisibleCustomer,
  CustomerResponse,
  SavedCustomerResponse,
  CustomerStatusChange: StatusChange,
  CustomerTypeChange: TypeChange,
});
