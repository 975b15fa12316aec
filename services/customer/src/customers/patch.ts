import { patchBody } from '@clientela/http';
import { nameSchemas } from '@clientela/validation';
import { checkedPatch, Customer, WritableCustomer } from './schema.ts';

/** The body of a PUT or PATCH. */
export const CustomerPatch = checkedPatch(patchBody(Customer, WritableCustomer));
nameSchemas({ CustomerPatch });
