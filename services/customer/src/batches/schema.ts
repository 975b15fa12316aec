import { keyword, queryBoolean, Uuid, nameSchemas } from '@clientela/validation';
import { z } from 'zod';
import { SavedCustomerResponse, NewCustomer, type Customer } from '../customers/schema.ts';

const MatchOn = keyword(['email', 'phone', 'external_id', 'user_id']);

/**
 * Schema of one operation. Each is validated on its own, so that an invalid one fails alone.
 * @param changes schema of a PATCH body
 */
export const operationSchema = <Changes extends z.ZodType>(changes: Changes) =>
  z.preprocess(
    withLowerCaseOp,
    z.discriminatedUnion(
      'op',
      [
        z.strictObject({ op: z.literal('create'), data: NewCustomer }),
        z.strictObject({ op: z.literal('update'), id: Uuid, data: changes }),
        z.strictObject({ op: z.literal('upsert'), match_on: MatchOn, data: NewCustomer }),
        z.strictObject({ op: z.literal('delete'), id: Uuid }),
      ],
      'must be one of create, update, upsert, delete',
    ),
  );

/** A discriminated union compares its key exactly. */
function withLowerCaseOp(operation: unknown): unknown {
  if (typeof operation !== 'object' || operation === null || !('op' in operation)) return operation;
  return typeof operation.op === 'string' ? { ...operation, op: operation.op.toLowerCase() } : operation;
}

export const Batch = z.strictObject({
  operations: z
    .array(
      z.unknown().meta({
        description:
          '{ op: create, data } · { op: update, id, data } · { op: upsert, match_on: email, phone, external_id or user_id, data } · ' +
          '{ op: delete, id }; data as in POST and PATCH of a customer',
      }),
    )
    .min(1)
    .max(1000),
});

export const BatchQuery = z.strictObject({
  allow_erased: queryBoolean.default(false).meta({ description: 'Allows customers with values of erased customers' }),
});

/** Result of one operation. */
export type OperationResult = { status: number; customer?: Partial<Customer>; error?: object };

/** @param problem schema of a problem document */
export const batchResponse = (problem: z.ZodType) => {
  const result = z.strictObject({
    status: z.int(),
    customer: SavedCustomerResponse.shape.customer.optional(),
    error: problem.optional(),
  });
  return z.strictObject({ results: z.array(result), succeeded: z.int(), failed: z.int() });
};

nameSchemas({ Batch });
