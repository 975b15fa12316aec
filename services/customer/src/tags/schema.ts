import { creationBody, Instant, integer, nameSchemas, querySearch, text, Uuid } from '@clientela/validation';
import { z } from 'zod';

export const Tag = z.strictObject({
  id: Uuid,
  customer_id: Uuid,
  label: z.string(),
  color: z.string().nullable(),
  priority: z.int(),
  created_by: z.string().meta({ description: 'The user who added it' }),
  created_at: Instant,
});
export type Tag = z.infer<typeof Tag>;

export const Label = text(50);
/** Maximum number of tags of one customer, and of labels in one request. */
export const maxTags = 1000;
export const Labels = z.array(Label).max(maxTags, `must not have more than ${maxTags} labels`);

const tagFields = {
  label: Label.optional(),
  labels: Labels.min(1, 'must have a label').optional(),
  color: text(20)
    .nullable()
    .default(null)
    .meta({ examples: ['#FFD700'] }),
  priority: integer(-2_147_483_648, 2_147_483_647).default(0).meta({ description: 'Higher ones come first' }),
};

/** Requires either `label` or `labels`; the check also runs when single fields are invalid, so that one response lists all errors. */
const labelOrLabels = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject({ ...shape, ...tagFields }).superRefine(
    (body, context) => {
      const { label, labels } = body as { label?: unknown; labels?: unknown };
      if (label === undefined && labels === undefined)
        context.addIssue({ code: 'custom', path: ['label'], message: 'is required, or labels' });
      if (label !== undefined && labels !== undefined)
        context.addIssue({ code: 'custom', path: ['labels'], message: 'must not be combined with label' });
    },
    { when: ({ value }) => typeof value === 'object' && value !== null && !Array.isArray(value) },
  );

export const NewTags = creationBody(Tag, labelOrLabels({}));
export type NewTags = z.infer<typeof NewTags>;
export const NewCustomerTags = creationBody(Tag, labelOrLabels({ customer_id: Uuid }));

export const TagParams = z.strictObject({ tag_id: Uuid });
export const CustomerTagParams = z.strictObject({ customer_id: Uuid, tag_id: Uuid });

export const TagResponse = z.strictObject({ message: z.string(), tag: Tag });
export const TagsResponse = z.strictObject({ message: z.string(), tags: z.array(Tag) });
export const TagListResponse = z.strictObject({ tags: z.array(Tag), total: z.int() });

/** The most labels of a company that a list of labels searches, the most used ones. */
export const maxKnownLabels = 5_000;
/** The most labels of a response. */
export const maxListedLabels = 1_000;

export const LabelUse = z.strictObject({
  label: z.string().meta({ description: 'Its most used spelling; labels are the same in any case' }),
  color: z.string().nullable().meta({ description: 'Its most used color' }),
  customers: z.int().meta({ description: 'Customers that the default list finds by it' }),
});
export type LabelUse = z.infer<typeof LabelUse>;
export const LabelsQuery = z.strictObject({ search: querySearch.optional() });
export const LabelsResponse = z.strictObject({
  labels: z.array(LabelUse),
  total: z.int().meta({ description: 'All labels of the company, or all that the search finds' }),
});

nameSchemas({
  Tag,
  NewTags,
  NewCustomerTags,
  SavedTagResponse: TagResponse,
  SavedTagsResponse: TagsResponse,
  TagList: TagListResponse,
  LabelUse,
  LabelList: LabelsResponse,
});
