import { FailedEvent, services } from '@clientela/contracts';
import { nameSchemas, queryPerPage, text, Uuid } from '@clientela/validation';
import { z } from 'zod';

export const FailedEventsQuery = z.strictObject({
  cursor: z
    .string('must be given once')
    .max(1000)
    .default('')
    .meta({ description: 'next_cursor of the previous page; empty or omitted for the first page' }),
  per_page: queryPerPage(),
});

export const FailedEventsPage = z.strictObject({
  events: z.array(z.strictObject(FailedEvent.shape)),
  per_page: z.int(),
  next_cursor: z.string().nullable(),
  unavailable: z
    .array(z.enum(services))
    .meta({ description: 'Services that are unreachable now; their failed events are missing from this page' }),
});

export const FailedEventId = z.strictObject({ event_id: Uuid });
export const DropReason = z.strictObject({ reason: text(500) });

nameSchemas({ FailedEventPage: FailedEventsPage, DropReason });
