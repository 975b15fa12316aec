import type { Customer } from '@clientela/client';
import { useState } from 'react';
import { flushSync } from 'react-dom';
import { useTranslation } from 'react-i18next';
import { api } from '../api/session.ts';
import { fieldErrors } from '../forms/field-errors.ts';
import { FormDialog } from '../forms/form-dialog.tsx';
import { useRecordForm } from '../forms/use-record-form.ts';
import styles from '../ui/bar.module.css';
import { toast } from '../ui/toast.tsx';
import { CustomerFields } from './customer-fields.tsx';
import { ExistingLink } from './existing-link.tsx';
import { labelOf, sections, toBody } from './fields.ts';
import { keepCustomer, refreshCustomer, valuesOf } from './queries.ts';
import { RestoreFirst } from './restore.tsx';

type Texts = Record<string, string>;
const textsOf = (customer: Customer): Texts =>
  Object.fromEntries(Object.entries(valuesOf(customer)).map(([path, value]) => [path, value ?? '']));
const stored = (customer: Customer) => ({ values: textsOf(customer), version: customer.version });
/** An empty field clears the value. */
const bodyOf = (texts: Partial<Texts>) =>
  toBody(Object.fromEntries(Object.entries(texts).map(([path, text]) => [path, text?.trim() || null])));

/** The whole record as one form. What both changed meanwhile stays as typed, beside what is stored. */
export function EditDialog({ customer, onClose }: { customer: Customer; onClose: () => void }) {
  const { t } = useTranslation();
  const [first] = useState(() => stored(customer));
  const form = useRecordForm<Texts>({
    stored: first, // what somebody sees in a form does not change under their hands
    save: async (changes, version) => {
      const saved = await api.customers
        .put(customer.id, bodyOf(changes), { ifMatch: { version } })
        .catch((error: unknown) => {
          void refreshCustomer(customer.id); // it may be deleted by now
          throw error;
        });
      return stored(keepCustomer(saved.customer as Customer));
    },
    read: async () => stored(keepCustomer((await api.customers.get(customer.id)).customer as Customer)),
    onSaved: (taken) => {
      const names = taken.map((path) => {
        const label = labelOf(path);
        return label === undefined ? path : t(label);
      });
      toast(taken.length > 0 ? t('forms.savedWith', { fields: names.join(', ') }) : t('forms.saved'));
      flushSync(onClose);
      void refreshCustomer(customer.id);
    },
  });
  const { draft, set, conflicts, settle, isDirty, isBusy, error } = form;
  return (
    <FormDialog
      title={t('customer.editTitle')}
      isWide
      onClose={onClose}
      onSubmit={() => void form.submit()}
      error={error}
      shown={Object.keys(draft)}
      isDirty={isDirty}
      isBusy={isBusy}
    >
      {sections.map(({ title, fields }, index) => (
        <fieldset key={title} className={styles.group}>
          <legend>{t(title)}</legend>
          <CustomerFields
            fields={fields}
            values={draft}
            set={set}
            errors={fieldErrors(error, t)}
            conflicts={conflicts}
            onTake={settle}
            autoFocus={index === 0}
          />
        </fieldset>
      ))}
      <ExistingLink error={error} />
      <RestoreFirst customer={customer} error={error} />
    </FormDialog>
  );
}
