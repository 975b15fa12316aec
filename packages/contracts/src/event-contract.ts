import { z } from 'zod';
import type { Service } from './permissions.ts';

/** The message on the wire. `data` carries ids, numbers, states and field names, never a person's values. */
export const Envelope = z.object({
  id: z.uuid(),
  name: z.string(),
  occurred_at: z.iso.datetime(),
  company_id: z.uuid().nullable(),
  actor_id: z.string(),
  request_id: z.string(),
  /** The aggregate's version after the change. Subscribers that keep state ignore an older or equal one. */
  sequence: z.int(),
  data: z.record(z.string(), z.json()),
  /** The span that caused the message (W3C Trace Context): ids only. Absent where nothing is traced. */
  traceparent: z.string().max(100).optional(),
});
export type Envelope = z.infer<typeof Envelope>;

export type EventContract<
  Data extends z.ZodObject = z.ZodObject,
  Subscribers extends readonly Service[] = readonly Service[],
> = {
  name: string;
  /** The field of `data` that identifies the aggregate. Events of one aggregate keep their order. */
  aggregate: string;
  /** The subscribing services. Each gets its own delivery. */
  subscribers: Subscribers;
  data: Data;
};

export type EventData<E extends EventContract> = z.infer<E['data']>;

export const defineEvent = <Data extends z.ZodObject, const Subscribers extends readonly Service[]>(
  name: string,
  aggregate: keyof Data['shape'] & string,
  subscribers: Subscribers,
  data: Data,
): EventContract<Data, Subscribers> => ({ name, aggregate, subscribers, data });

/** Marks a change that copies one of another service, so that it is not copied back. */
export const followed = z.literal(true).exactOptional();

/** The names of changed fields, as events carry them. */
export const fieldsChanged = z.array(z.string());
