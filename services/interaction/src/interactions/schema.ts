import { Instant, lines, page, pageOf, perPage, queryFrom, querySearch, queryTo, text, Uuid } from '@clientela/values';
import { z } from 'zod';
import { TypeName } from '../interaction-types/schema.ts';
import { statuses } from './rules.ts';

const Status = z.enum([...statuses.appointment, ...statuses.complaint]);
const Priority = z.enum(['low', 'medium', 'high', 'critical']);

export const Interaction = z.strictObject({
  id: Uuid,
  customer_id: Uuid,
  created_by: z.string(),
  type: z.string(),
  notes: z.string(),
  occurred_at: Instant,
  scheduled_at: Instant.nullable(),
  status: Status.nullable().meta({ description: 'Of appointments and complaints; null for other types' }),
  priority: Priority.nullable(),
  category: z.string().nullable(),
  created_at: Instant,
  updated_at: Instant,
});
export type Interaction = z.infer<typeof Interaction>;

const Notes = lines(5000);

/** Judged beside the fields, not after them, so that one answer names all that is wrong. */
const beside = (field: string, error: string) => ({
  path: [field],
  error,
  when: ({ value }: { value: unknown }) => typeof value === 'object' && value !== null && !Array.isArray(value),
});
const both = (one: unknown, other: unknown) => one !== undefined && other !== undefined;
const neither = (one: unknown, other: unknown) => one === undefined && other === undefined;

export const NewInteraction = z
  .strictObject({
    notes: Notes.optional().meta({ description: 'Required, under this name or as ds_notes' }),
    ds_notes: Notes.optional().meta({ description: 'Another name of notes' }),
    type: TypeName.optional().meta({ description: 'Required, under this name or as id_interaction_type' }),
    id_interaction_type: TypeName.optional().meta({ description: 'Another name of type' }),
    occurred_at: Instant.optional().meta({ description: 'Left out: now' }),
    scheduled_at: Instant.nullish(),
    status: Status.nullish().meta({
      description: `Appointments: ${statuses.appointment.join(', ')}; complaints: ${statuses.complaint.join(', ')}; the first is the default. Other types have none`,
    }),
    priority: Priority.nullish(),
    category: text(50).nullish(),
  })
  .refine((given) => !neither(given.notes, given.ds_notes), beside('notes', 'is required'))
  .refine((given) => !neither(given.type, given.id_interaction_type), beside('type', 'is required'))
  .refine(
    (given) => !both(given.notes, given.ds_notes),
    beside('ds_notes', 'is another name of notes: give one of them'),
  )
  .refine(
    (given) => !both(given.type, given.id_interaction_type),
    beside('id_interaction_type', 'is another name of type: give one of them'),
  )
  .transform(({ ds_notes, id_interaction_type, notes, type, ...rest }) => ({
    ...rest,
    notes: (notes ?? ds_notes) as string,
    type: (type ?? id_interaction_type) as string,
    /** The field in which the type came: what is wrong with it is said of that one. */
    type_field: type === undefined ? 'id_interaction_type' : 'type',
  }));
export type NewInteraction = z.infer<typeof NewInteraction>;

export const InteractionQuery = z.strictObject({
  page,
  per_page: perPage(15),
  type: TypeName.optional(),
  status: Status.optional(),
  from: queryFrom.optional().meta({ description: 'Occurred at this time or later' }),
  to: queryTo.optional().meta({ description: 'Occurred at this time or earlier; a date counts whole' }),
  search: querySearch.optional().meta({ description: 'Any part of notes or category, case and accents aside' }),
});
export type InteractionQuery = z.infer<typeof InteractionQuery>;

export const CustomerId = z.strictObject({ customer_id: Uuid });
export const InteractionSaved = z.strictObject({ message: z.string(), interaction: Interaction });
export const InteractionPage = pageOf('interactions', Interaction);
