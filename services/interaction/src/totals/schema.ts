import { Uuid } from '@clientela/validation';
import { z } from 'zod';

const maxIds = 100;

/** One or more customers; the parameter may be repeated. */
export const TotalsQuery = z.strictObject({
  customer_id: z
    .union([Uuid.transform((id) => [id]), z.array(Uuid).min(1).max(maxIds)], `must be 1 to ${maxIds} customer ids`)
    .meta({ description: 'May be repeated' }),
});
