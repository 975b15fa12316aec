import { Uuid } from '@clientela/validation';
import { z } from 'zod';

const most = 100;

/** One customer or several, by repeating the parameter. */
export const TotalsQuery = z.strictObject({
  customer_id: z
    .union([Uuid.transform((id) => [id]), z.array(Uuid).min(1).max(most)], `must be 1 to ${most} ids of customers`)
    .meta({ description: 'May be repeated' }),
});
