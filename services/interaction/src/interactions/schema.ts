import {
  creationBody,
  ignoring,
  Instant,
  keyword,
  multilineText,
  queryFrom,
  querySearch,
  queryTo,
  text,
  Uuid,
  nameSchemas,
} from '@clientela/validation';
import { z } from 'zod';
import { TypeName } from '../interaction-types/schema.ts';
import { listResponse, listQuery } from '../lists/schema.ts';
import { sorts, statuses, timeOrder } from './rules.ts';

const Status = z.enum([...statuses.appointment, ...statuses.complaint]);
const Priority = z.enum(['low', 'medium', 'high', 'critical']);
const StatusInput = keyword(Status.options);

export const Interaction = z.strictObject({
  id: Uuid,
  customer_id: Uuid,
  created_by: z.string(),
  type: z.string(),
  notes: z.string(),
  occurred_at: Instant,
  scheduled_at: Instant.nullable(),
  status: Status.nullable().meta({ description: 'For appointments and complaints; null for other types' }),
  priority: Priority.nullable(),
  category: z.string().nullable(),
  created_at: Instant,
  updated_at: Instant,
  version: z.int(),
});
export type Interaction = z.infer<typeof Interaction>;

const Notes = multilineText(5000);

export const WritableInteraction = z.strictObject({
  notes: Notes,
  type: TypeName,
  occurred_at: Instant,
  scheduled_at: Instant.nullable(),
  status: StatusInput.nullable().meta({
    description: `Appointments: ${statuses.appointment.join(', ')}; complaints: ${statuses.complaint.join(', ')}; the first is the default. Other types have no status`,
  }),
  priority: keyword(Priority.options).nullable(),
  category: text(50).nullable(),
});
export type InteractionChanges = Partial<z.infer<typeof WritableInteraction>>;

/** Accepted aliases of legacy clients. */
const aliasFields = z.strictObject({
  ds_notes: Notes.optional().meta({ description: 'Alias of notes' }),
  id_interaction_type: TypeName.optional().meta({ description: 'Alias of type' }),
}).shape;

/** Runs a refinement even when fields are invalid, so that one response names all errors. */
const alwaysChecked = (field: string, error: string) => ({
  path: [field],
  error,
  when: ({ value }: { value: unknown }) => typeof value === 'object' && value !== null && !Array.isArray(value),
});
type AliasedFields = { notes?: unknown; ds_notes?: unknown; type?: unknown; id_interaction_type?: unknown };
const hasOneNotes = (body: AliasedFields) => body.notes === undefined || body.ds_notes === undefined;
const hasOneType = (body: AliasedFields) => body.type === undefined || body.id_interaction_type === undefined;
const duplicateNotes = alwaysChecked('ds_notes', 'is an alias of notes; send only one of them');
const duplicateType = alwaysChecked('id_interaction_type', 'is an alias of type; send only one of them');
/** Returns the field name under which the client sent the type, for error paths. */
const typeField = (body: AliasedFields) => (body.id_interaction_type === undefined ? 'type' : 'id_interaction_type');

const newInteraction = WritableInteraction.partial()
  .extend({
    notes: Notes.optional().meta({ description: 'Required, as notes or ds_notes' }),
    type: TypeName.optional().meta({ description: 'Required, as type or id_interaction_type' }),
    occurred_at: Instant.optional().meta({ description: 'Default: now' }),
    ...aliasFields,
  })
  .refine((body) => (body.notes ?? body.ds_notes) !== undefined, alwaysChecked('notes', 'is required'))
  .refine((body) => (body.type ?? body.id_interaction_type) !== undefined, alwaysChecked('type', 'is required'))
  .refine(hasOneNotes, duplicateNotes)
  .refine(hasOneType, duplicateType)
  .transform(({ ds_notes, id_interaction_type, notes, type, ...rest }) => ({
    ...rest,
    notes: (notes ?? ds_notes) as string,
    type: (type ?? id_interaction_type) as string,
    type_field: typeField({ id_interaction_type }),
  }));
export const NewInteraction = creationBody(Interaction, newInteraction);
export type NewInteraction = z.infer<typeof NewInteraction>;

export const InteractionPatchFields = WritableInteraction.extend(aliasFields);

/** Maps aliases in the body of an update to the fields they stand for. */
export const withAliases = (fields: z.ZodObject) => {
  const body = fields
    .refine(hasOneNotes, duplicateNotes)
    .refine(hasOneType, duplicateType)
    .transform(({ ds_notes, id_interaction_type, ...rest }: Record<string, unknown>) => {
      const patch = {
        ...rest,
        ...(ds_notes !== undefined && { notes: ds_notes }),
        ...(id_interaction_type !== undefined && { type: id_interaction_type }),
      };
      return { patch, type_field: typeField({ id_interaction_type }) };
    });
  return ignoring(body);
};
export type InteractionPatch = z.infer<ReturnType<typeof withAliases>>;

export const InteractionFilter = z.strictObject({
  type: TypeName.optional(),
  status: StatusInput.optional(),
  from: queryFrom.optional().meta({ description: 'Occurred at or after this time' }),
  to: queryTo.optional().meta({ description: 'Occurred at or before this time; a date includes its whole day' }),
  search: querySearch.optional().meta({ description: 'Substring of notes or category, ignoring case and accents' }),
});
export type InteractionFilter = z.infer<typeof InteractionFilter>;
export const InteractionQuery = InteractionFilter.extend(listQuery(15));

/** A company's interactions are filtered by what has an index; notes are searched for within a customer's. */
export const CompanyInteractionFilter = InteractionFilter.omit({ search: true }).extend({
  customer_id: Uuid.optional(),
  priority: keyword(Priority.options).optional(),
  scheduled_from: queryFrom.optional().meta({ description: 'Scheduled at or after this time' }),
  scheduled_to: queryTo
    .optional()
    .meta({ description: 'Scheduled at or before this time; a date includes its whole day' }),
  sort: keyword(sorts)
    .default('-occurred_at')
    .meta({ description: 'By scheduled_at only with scheduled_from or scheduled_to' }),
});
export type CompanyInteractionFilter = z.infer<typeof CompanyInteractionFilter>;
export const CompanyInteractionQuery = CompanyInteractionFilter.extend(listQuery()).superRefine(
  ({ sort, scheduled_from, scheduled_to }, context) => {
    if (timeOrder(sort).column === 'scheduled_at' && (scheduled_from ?? scheduled_to) === undefined)
      context.addIssue({
        code: 'custom',
        path: ['scheduled_from'],
        message: 'is required to sort by scheduled_at, or scheduled_to',
      });
  },
);

export const CustomerId = z.strictObject({ customer_id: Uuid });
export const InteractionId = CustomerId.extend({ interaction_id: Uuid });
export const InteractionResponse = z.strictObject({ interaction: Interaction });
export const SavedInteractionResponse = z.strictObject({ message: z.string(), interaction: Interaction });
export const InteractionList = listResponse('interactions', Interaction);

const [InteractionPage, InteractionCursorPage] = InteractionList.options;
nameSchemas({
  Interaction,
  InteractionPage,
  InteractionCursorPage,
  NewInteraction,
  InteractionResponse,
  SavedInteractionResponse,
});
