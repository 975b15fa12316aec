import { Email, text, Uuid } from '@clientela/validation';
import { Phone } from '@clientela/validation/phones';
import { z } from 'zod';
import { Customer } from '../customers/schema.ts';

/** The user for whom a profile is created. */
export const NewProfile = z.strictObject({
  user_id: Uuid,
  business_id: Uuid,
  email: Email,
  full_name: text(255),
  phone: Phone.nullable().optional(),
});

export const UserParams = z.strictObject({ user_id: Uuid });
export const ProfileResponse = z.strictObject({ customer: Customer });
