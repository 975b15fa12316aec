import { Instant, multilineText, queryFrom, querySearch, queryTo, text, Uuid } from '@clientela/validation';
import { z } from 'zod';
import { TypeName } from '../interaction-types/schema.ts';
import { listOf, listQuery } from '../lists/schema.ts';
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

const Notes = multilineText(5000);

export const WritableInteraction = z.strictObject({
  notes: Notes,
  type: TypeName,
  occurred_at: Instant,
  scheduled_at: Instant.nullable(),
  status: Status.nullable().meta({
    description: `Appointments: ${statuses.appointment.join(', ')}; complaints: ${statuses.complaint.join(', ')}; the first is the default. Other types have none`,
  }),
  priority: Priority.nullable(),
  category: text(50).nullable(),
});
export type InteractionChanges = Partial<z.infer<typeof WritableInteraction>>;

/** CRM Finance's. */
const otherNames = z.strictObject({
  ds_notes: Notes.optional().meta({ description: 'Another name of notes' }),
  id_interaction_type: TypeName.optional().meta({ description: 'Another name of type' }),
}).shape;

/** Judged beside the fields, not after them, so that one answer names all that is wrong. */
const beside = (field: string, error: string) => ({
  path: [field],
  error,
  when: ({ value }: { value: unknown }) => typeof value === 'object' && value !== null && !Array.isArray(value),
});
type Named = { notes?: unknown; ds_notes?: unknown; type?: unknown; id_interaction_type?: unknown };
const notesOnce = (given: Named) => given.notes === undefined || given.ds_notes === undefined;
const typeOnce = (given: Named) => given.type === undefined || given.id_interaction_type === undefined;
const notesTwice = beside('ds_notes', 'is another name of notes: give one of them');
const typeTwice = beside('id_interaction_type', 'is another name of type: give one of them');
/** The field in which the type came: what is wrong with it is said of that one. */
const typeField = (given: Named) => (given.id_interaction_type === undefined ? 'type' : 'id_interaction_type');

export const NewInteraction = WritableInteraction.partial()
  .extend({
    notes: Notes.optional().meta({ description: 'Required, under this name or as ds_notes' }),
    type: TypeName.optional().meta({ description: 'Required, under this name or as id_interaction_type' }),
    occurred_at: Instant.optional().meta({ description: 'Left out: now' }),
    ...otherNames,
  })
  .refine((given) => (given.notes ?? given.ds_notes) !== undefined, beside('notes', 'is required'))
  .refine((given) => (given.type ?? given.id_interaction_type) !== undefined, beside('type', 'is required'))
  .refine(notesOnce, notesTwice)
  .refine(typeOnce, typeTwice)
  .transform(({ ds_notes, id_interaction_type, notes, type, ...rest }) => ({
    ...rest,
    notes: (notes ?? ds_notes) as string,
    type: (type ?? id_interaction_type) as string,
    type_field: typeField({ id_interaction_type }),
  }));
export type NewInteraction = z.infer<typeof NewInteraction>;

export const InteractionPatchFields = WritableInteraction.extend(otherNames);

/** The body of a change, its fields under their own names. */
export const withOtherNames = (body: z.ZodObject) =>
  body
    .refine(notesOnce, notesTwice)
    .refine(typeOnce, typeTwice)
    .transform(({ ds_notes, id_interaction_type, ...rest }: Record<string, unknown>) => {
      const given = {
        ...rest,
        ...(ds_notes !== undefined && { notes: ds_notes }),
        ...(id_interaction_type !== undefined && { type: id_interaction_type }),
      };
      return { given, type_field: typeField({ id_interaction_type }) };
    });
export type InteractionPatch = z.infer<ReturnType<typeof withOtherNames>>;

export const InteractionFilter = z.strictObject({
  type: TypeName.optional(),
  status: Status.optional(),
  from: queryFrom.optional().meta({ description: 'Occurred at this time or later' }),
  to: queryTo.optional().meta({ description: 'Occurred at this time or earlier; a date counts whole' }),
  search: querySearch.optional().meta({ description: 'Any part of notes or category, case and accents aside' }),
});
export type InteractionFilter = z.infer<typeof InteractionFilter>;
export const InteractionQuery = InteractionFilter.extend(listQuery(15));

export const CustomerId = z.strictObject({ customer_id: Uuid });
export const InteractionId = CustomerId.extend({ interaction_id: Uuid });
export const InteractionShown = z.strictObject({ interaction: Interaction });
export const InteractionSaved = z.strictObject({ message: z.string(), interaction: Interaction });
export const InteractionList = listOf('interactions', Interaction);
