import { creationBody, Instant, queryInteger, nameSchemas } from '@clientela/validation';
import { z } from 'zod';
import { WritableCustomer } from '../customers/schema.ts';
import { isLegacyPhone, phoneMessage } from './rules.ts';

/** The letter of a gender; null for genders without one. */
const Gender = z.enum(['M', 'F']);
const GenderInput = z.preprocess((letter) => (typeof letter === 'string' ? letter.toUpperCase() : letter), Gender);

const phoneMeta = {
  description: '11 to 14 digits, with the country code; an 8 before ten digits is read as 7',
  examples: ['79025163111'],
};
const NewPhoneInput = z.string().refine(isLegacyPhone, phoneMessage).meta(phoneMeta);

export const LegacyCustomer = z.strictObject({
  id: z.int().meta({ description: 'The customer’s number' }),
  phone: z.string().nullable().meta({ description: 'Digits, with the country code if known' }),
  firstname: z.string().nullable(),
  lastname: z.string().nullable(),
  email: z.string().nullable(),
  birthday: z.iso.date().nullable(),
  gender: Gender.nullable(),
  city_id: z.int().nullable(),
  last_auth_at: Instant.nullable(),
});
export type LegacyCustomer = z.infer<typeof LegacyCustomer>;

/** Accepts any phone that a response may contain; the record decides whether it is a new one. */
const PhoneInput = z
  .string()
  .regex(/^\+?\d{5,15}$/, phoneMessage)
  .nullable()
  .meta(phoneMeta);

export const WritableLegacyCustomer = WritableCustomer.pick({
  firstname: true,
  lastname: true,
  email: true,
  birthday: true,
  city_id: true,
  last_auth_at: true,
}).extend({ phone: PhoneInput, gender: GenderInput.nullable() });
export type LegacyCustomerInput = Partial<z.infer<typeof WritableLegacyCustomer>>;

export const NewLegacyCustomer = creationBody(
  LegacyCustomer,
  WritableLegacyCustomer.partial().extend({ phone: NewPhoneInput }),
);
export const NewPhone = z.strictObject({ phone: NewPhoneInput });
export const SuccessResponse = z.strictObject({ success: z.literal(true), message: z.string() });

export const CustomerNumber = z.strictObject({
  customer_id: z.string().regex(/^\d{1,15}$/, 'must be a customer’s number'),
});

export const LegacyListQuery = z.strictObject({
  limit: queryInteger(1, 1000).default(100),
  offset: queryInteger(0, 1_000_000_000).default(0),
});
export type LegacyListQuery = z.infer<typeof LegacyListQuery>;

const LegacyListItem = LegacyCustomer.omit({ gender: true, city_id: true, last_auth_at: true }).extend({
  phone: z
    .strictObject({
      id: z.int().meta({ description: 'The customer’s number' }),
      code: z.string().meta({ description: 'The digits before the last ten' }),
      number: z.string().meta({ description: 'The last ten digits' }),
    })
    .nullable(),
});
export type LegacyListItem = z.infer<typeof LegacyListItem>;

export const LegacyListResponse = z.strictObject({
  items: z.array(LegacyListItem),
  count: z.int().meta({ description: 'Total number of customers' }),
});

nameSchemas({
  LegacyCustomer,
  NewLegacyCustomer,
  NewLegacyPhone: NewPhone,
  LegacySuccessResponse: SuccessResponse,
  LegacyCustomerList: LegacyListResponse,
  LegacyCustomerListItem: LegacyListItem,
});
