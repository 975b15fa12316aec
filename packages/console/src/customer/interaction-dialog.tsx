import type { Interaction } from '@clientela/client';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { flushSync } from 'react-dom';
import { useTranslation } from 'react-i18next';
import { api } from '../api/session.ts';
import { fieldErrors } from '../forms/field-errors.ts';
import { Conflict } from '../forms/conflict.tsx';
import { FormDialog } from '../forms/form-dialog.tsx';
import { useIdempotencyKey } from '../forms/use-idempotency-key.ts';
import { useRecordForm } from '../forms/use-record-form.ts';
import styles from '../ui/bar.module.css';
import { Select } from '../ui/select.tsx';
import { TextField } from '../ui/text-field.tsx';
import { toast } from '../ui/toast.tsx';
import {
  bodyOf,
  emptyInteraction,
  interactionFields,
  priorities,
  statesOf,
  valuesOf,
  type InteractionValues,
} from './interaction-fields.ts';
import { interactionStatusText, kindText } from './interaction-text.ts';
import { followFigures, interactionTypesQuery, refreshCustomer } from './queries.ts';

type InteractionDialogProps = {
  customerId: string;
  /** The one to edit; without it a new one. */
  interaction?: Interaction;
  onClose: () => void;
};

/** Records an interaction, or corrects one. What both changed meanwhile stays as typed, beside what is stored. */
export function InteractionDialog({ customerId, interaction, onClose }: InteractionDialogProps) {
  const { t } = useTranslation();
  const { data: types = [] } = useQuery(interactionTypesQuery);
  const keyFor = useIdempotencyKey();
  const [first] = useState(() =>
    interaction
      ? { values: valuesOf(interaction), version: interaction.version }
      : { values: emptyInteraction('appointment'), version: 0 },
  );
  const stored = (from: Interaction) => ({ values: valuesOf(from), version: from.version });
  const create = async (values: Partial<InteractionValues>) => {
    const body = { type: 'appointment', notes: '', ...bodyOf(values) };
    return (await api.customers.interactions.create(customerId, body, { idempotencyKey: keyFor(body) })).interaction;
  };
  const change = async (id: string, values: Partial<InteractionValues>, version: number) =>
    (await api.customers.interactions.put(customerId, id, bodyOf(values), { ifMatch: { version } })).interaction;
  const form = useRecordForm<InteractionValues>({
    stored: first,
    save: async (changes, version) => {
      const saving = interaction ? change(interaction.id, changes, version) : create(changes);
      return stored(
        await saving.catch((error: unknown) => {
          void refreshCustomer(customerId); // the customer may be deleted by now
          throw error;
        }),
      );
    },
    read: async () => stored((await api.customers.interactions.get(customerId, interaction?.id ?? '')).interaction),
    onSaved: () => {
      toast(t('customer.interactionSaved', { kind: kindText(draft.type, t) }));
      flushSync(onClose);
      void refreshCustomer(customerId);
      followFigures(customerId);
    },
  });
  const { draft, set, conflicts, settle, isDirty, isBusy, error } = form;
  const errors = fieldErrors(error, t);
  const conflict = (key: keyof InteractionValues) => (
    <Conflict theirs={conflicts[key]} onTake={(value) => settle(key, value)} />
  );
  const field = (key: keyof InteractionValues) => ({ value: draft[key], onChange: set(key), error: errors[key] });
  const time = (key: 'occurred_at' | 'scheduled_at', label: string) => (
    <div>
      <TextField label={label} {...field(key)} type="datetime-local" />
      {conflict(key)}
    </div>
  );
  const states = statesOf(draft.type);
  const kinds = [...new Set([...types.map(({ name }) => name), draft.type])];
  return (
    <FormDialog
      title={t(interaction ? 'customer.editInteraction' : 'customer.newInteraction')}
      isWide
      onClose={onClose}
      onSubmit={() => void form.submit()}
      error={error}
      shown={interactionFields}
      isDirty={isDirty}
      isBusy={isBusy}
    >
      <div className={styles.pair}>
        <div>
          <Select
            label={t('customer.form.type')}
            value={draft.type}
            onChange={(type) => {
              set('type')(type);
              set('status')(type === first.values.type ? first.values.status : (statesOf(type)[0] ?? ''));
            }}
            options={kinds.map((value) => ({ value, text: kindText(value, t) }))}
            error={errors['type']}
          />
          {conflict('type')}
        </div>
        {time('occurred_at', t('customer.form.occurred'))}
        {draft.type === 'appointment' && time('scheduled_at', t('customer.form.scheduled'))}
        {interaction && states.length > 0 && (
          <div>
            <Select
              label={t('customer.form.status')}
              value={draft.status}
              onChange={set('status')}
              options={states.map((value) => ({ value, text: interactionStatusText(value, t) }))}
              error={errors['status']}
            />
            {conflict('status')}
          </div>
        )}
        {draft.type === 'complaint' && (
          <>
            <div>
              <Select
                label={t('customer.form.priority')}
                value={draft.priority || 'none'}
                onChange={(value) => set('priority')(value === 'none' ? '' : value)}
                options={[
                  { value: 'none', text: '–' },
                  ...priorities.map((value) => ({ value, text: t(`customer.priority.${value}`) })),
                ]}
                error={errors['priority']}
              />
              {conflict('priority')}
            </div>
            <div>
              <TextField label={t('customer.form.category')} {...field('category')} maxLength={50} />
              {conflict('category')}
            </div>
          </>
        )}
      </div>
      <div>
        <TextField
          label={t('customer.form.notes')}
          {...field('notes')}
          multiline
          rows={4}
          maxLength={5000}
          isRequired
          autoFocus
        />
        {conflict('notes')}
      </div>
    </FormDialog>
  );
}
