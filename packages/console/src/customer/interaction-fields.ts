import type { Body, Interaction } from '@clientela/client';

/** The states of the kinds that have some; the first is that of a new one. */
const states = {
  appointment: ['booked', 'done', 'cancelled'],
  complaint: ['open', 'in_progress', 'resolved', 'closed'],
} as const;
export const statesOf = (type: string): readonly string[] =>
  type === 'appointment' || type === 'complaint' ? states[type] : [];

/** What is done next with an appointment or a complaint, the likeliest first. */
const steps: Readonly<Record<string, readonly string[]>> = {
  booked: ['done', 'cancelled'],
  done: ['booked'],
  cancelled: ['booked'],
  open: ['in_progress', 'resolved'],
  in_progress: ['resolved'],
  resolved: ['closed', 'open'],
  closed: ['open'],
};
export const stepsFrom = (status: string | null): readonly string[] => steps[status ?? ''] ?? [];

export const priorities = ['low', 'medium', 'high', 'critical'] as const;

/** The fields of the form, as texts. */
export type InteractionValues = {
  type: string;
  notes: string;
  occurred_at: string;
  scheduled_at: string;
  status: string;
  priority: string;
  category: string;
};
export const interactionFields = [
  'type',
  'notes',
  'occurred_at',
  'scheduled_at',
  'status',
  'priority',
  'category',
] as const satisfies (keyof InteractionValues)[];

/** Writes an instant as a field of date and time has it: to the minute, in the person's time zone. */
export function toLocal(instant: string | null): string {
  if (instant === null) return '';
  const date = new Date(instant);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
/** Reads such a field; what is no time stays as it is, for the server to refuse. */
export function fromLocal(text: string): string {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? text : date.toISOString();
}

export const emptyInteraction = (type: string): InteractionValues => ({
  type,
  notes: '',
  occurred_at: '',
  scheduled_at: '',
  status: '',
  priority: '',
  category: '',
});

export const valuesOf = (interaction: Interaction): InteractionValues => ({
  type: interaction.type,
  notes: interaction.notes,
  occurred_at: toLocal(interaction.occurred_at),
  scheduled_at: toLocal(interaction.scheduled_at),
  status: interaction.status ?? '',
  priority: interaction.priority ?? '',
  category: interaction.category ?? '',
});

/** What the API takes of some fields. An empty time of occurrence and an empty state are left to the server. */
export function bodyOf(values: Partial<InteractionValues>): Body<'customers.interactions.put'> {
  const { type, notes, occurred_at, scheduled_at, status, priority, category } = values;
  return {
    ...(type !== undefined && { type }),
    ...(notes !== undefined && { notes: notes.trim() }),
    ...(occurred_at && { occurred_at: fromLocal(occurred_at) }),
    ...(scheduled_at !== undefined && { scheduled_at: scheduled_at === '' ? null : fromLocal(scheduled_at) }),
    ...(status && { status }),
    ...(priority !== undefined && { priority: priority === '' ? null : priority }),
    ...(category !== undefined && { category: category.trim() || null }),
  } as Body<'customers.interactions.put'>;
}
