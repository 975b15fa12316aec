import { FailedEvent, services } from '@clientela/contracts';
import { queryPerPage } from '@clientela/validation';
import { z } from 'zod';

export const FailedEventsQuery = z.strictObject({
  cursor: z
    .string('must be given once')
    .max(1000)
    .default('')
    .meta({ description: 'next_cursor of the page before; empty or left out for the first' }),
  per_page: queryPerPage(),
});

export const FailedEventsPage = z.strictObject({
  events: z.array(z.strictObject(FailedEvent.shape)),
  per_page: z.int(),
  next_cursor: z.string().nullable(),
  unavailable: z
    .array(z.enum(services))
    .meta({ description: 'Services that do not answer at the moment: what failed there is missing here' }),
});

export const Resent = z.strictObject({ message: z.string() });
