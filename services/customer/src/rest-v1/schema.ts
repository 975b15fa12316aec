import { Instant, queryInteger } from '@clientela/validation';
import { z } from 'zod';
import { WritableCustomer } from '../customers/schema.ts';
import { isPhone, phoneRule } from './rules.ts';

/** A record that was made by `/api/customers` may have a gender for which this dialect has no letter: it shows as null. */
const Gender = z.enum(['M', 'F']);
const GenderGiven = z.preprocess((letter) => (typeof letter === 'string' ? letter.toUpperCase() : letter), Gender);

const described = {
  description: '11 to 14 digits, the country code first; 11 that start with 8 mean 7…',
  examples: ['79025163111'],
};
const PhoneGiven = z.string().refine(isPhone, phoneRule).meta(described);

export const BareCustomer = z.strictObject({
  id: z.int().meta({ description: 'The customer’s number' }),
  phone: z.string().nullable().meta({ description: 'Digits, the country code first where it is known' }),
  firstname: z.string().nullable(),
  lastname: z.string().nullable(),
  email: z.string().nullable(),
  birthday: z.iso.date().nullable(),
  gender: Gender.nullable(),
  city_id: z.int().nullable(),
  last_auth_at: Instant.nullable(),
});
export type BareCustomer = z.infer<typeof BareCustomer>;

/** Any phone as this dialect shows it may be sent back; whether it is that, or a new one, the record decides. */
const PhoneSent = z
  .string()
  .regex(/^\+?\d{5,15}$/, phoneRule)
  .nullable()
  .meta(described);

export const WritableBareCustomer = WritableCustomer.pick({
  firstname: true,
  lastname: true,
  email: true,
  birthday: true,
  city_id: true,
  last_auth_at: true,
}).extend({ phone: PhoneSent, gender: GenderGiven.nullable() });
export type BareCustomerGiven = Partial<z.infer<typeof WritableBareCustomer>>;

export const NewBareCustomer = WritableBareCustomer.partial().extend({ phone: PhoneGiven });
export const NewPhone = z.strictObject({ phone: PhoneGiven });
export const Done = z.strictObject({ success: z.literal(true), message: z.string() });

export const CustomerNumber = z.strictObject({
  customer_id: z.string().regex(/^\d{1,15}$/, 'must be a customer’s number'),
});

export const BareCustomerQuery = z.strictObject({
  limit: queryInteger(1, 1000).default(100),
  offset: queryInteger(0, 1_000_000_000).default(0),
});
export type BareCustomerQuery = z.infer<typeof BareCustomerQuery>;

const Item = BareCustomer.omit({ gender: true, city_id: true, last_auth_at: true }).extend({
  phone: z
    .strictObject({
      id: z.int().meta({ description: 'The customer’s number' }),
      code: z.string().meta({ description: 'What stands before the last ten digits' }),
      number: z.string().meta({ description: 'The last ten digits' }),
    })
    .nullable(),
});
export type Item = z.infer<typeof Item>;

export const BareCustomerList = z.strictObject({
  items: z.array(Item),
  count: z.int().meta({ description: 'How many there are in all' }),
});
