import { nameSchemas, queryFrom, queryTo } from '@clientela/validation';
import { z } from 'zod';
import { Interaction } from '../interactions/schema.ts';

export const maxAppointments = 100;
export const maxComplaints = 10_000;

export const AgendaQuery = z.strictObject({
  from: queryFrom.meta({ description: 'Appointments at or after this time' }),
  to: queryTo.meta({ description: 'Appointments at or before this time; a date includes its whole day' }),
});
export type AgendaQuery = z.infer<typeof AgendaQuery>;

const count = z.int().min(0);
const OpenComplaints = z.strictObject({
  critical: count,
  high: count,
  medium: count,
  low: count,
  none: count.meta({ description: 'Without a priority' }),
});
export type OpenComplaints = z.infer<typeof OpenComplaints>;

export const Agenda = z.strictObject({
  appointments: z.array(Interaction).meta({ description: `Soonest first, at most ${maxAppointments}` }),
  has_more: z.boolean().meta({ description: 'Whether more appointments are in that time' }),
  open_complaints: OpenComplaints,
});

nameSchemas({ Agenda, OpenComplaints });
