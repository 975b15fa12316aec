import type { Body } from '@clientela/client';
import { useState } from 'react';
import { flushSync } from 'react-dom';
import { useTranslation } from 'react-i18next';
import { api } from '../api/session.ts';
import { fieldErrors } from '../forms/field-errors.ts';
import { FormDialog } from '../forms/form-dialog.tsx';
import { useIdempotencyKey } from '../forms/use-idempotency-key.ts';
import { changesOf } from '../forms/three-way.ts';
import { useSubmit } from '../forms/use-submit.ts';
import styles from '../ui/bar.module.css';
import { Select } from '../ui/select.tsx';
import { TextField } from '../ui/text-field.tsx';
import { toast } from '../ui/toast.tsx';
import { fromLocal } from './interaction-fields.ts';
import { interactionStatusText, kindText } from './interaction-text.ts';
import { followFigures, refreshCustomer } from './queries.ts';
import { transactionKinds } from './transaction-kinds.ts';

const empty = {
  kind: 'order',
  direction: 'in',
  status: 'completed',
  amount: '',
  currency: '',
  order_id: '',
  description: '',
  occurred_at: '',
};
const fields = Object.keys(empty);

/** What the API takes; amounts may be typed with a comma. */
const bodyOf = ({ kind, direction, status, amount, currency, order_id, description, occurred_at }: typeof empty) =>
  ({
    kind,
    direction,
    status,
    amount: amount.trim().replace(',', '.'),
    ...(currency.trim() && { currency: currency.trim().toUpperCase() }),
    ...(order_id.trim() && { order_id: order_id.trim() }),
    ...(description.trim() && { description: description.trim() }),
    ...(occurred_at && { occurred_at: fromLocal(occurred_at) }),
  }) as Body<'customers.transactions.create'>;

/** Records an order, a payment or a refund of a customer. */
export function TransactionDialog({ customerId, onClose }: { customerId: string; onClose: () => void }) {
  const { t } = useTranslation();
  const [values, setValues] = useState(empty);
  const keyFor = useIdempotencyKey();
  const isDirty = Object.keys(changesOf(empty, values)).length > 0;
  const set = (key: keyof typeof empty) => (value: string) => setValues((all) => ({ ...all, [key]: value }));
  const { submit, error, isBusy } = useSubmit(async () => {
    const body = bodyOf(values);
    try {
      await api.customers.transactions.create(customerId, body, { idempotencyKey: keyFor(body) });
    } finally {
      void refreshCustomer(customerId); // when it failed, the customer may be deleted by now
    }
    followFigures(customerId);
    toast(t('customer.interactionSaved', { kind: kindText(values.kind, t) }));
    flushSync(onClose);
  });
  const errors = fieldErrors(error, t);
  const field = (key: keyof typeof empty) => ({ value: values[key], onChange: set(key), error: errors[key] });
  return (
    <FormDialog
      title={t('customer.newTransaction')}
      isWide
      onClose={onClose}
      onSubmit={() => void submit()}
      submitText={t('customer.recordTransaction')}
      error={error}
      shown={fields}
      isDirty={isDirty}
      isBusy={isBusy}
    >
      <div className={styles.pair}>
        <TextField label={t('customer.form.amount')} {...field('amount')} inputMode="decimal" isRequired autoFocus />
        <TextField
          label={t('customer.form.currency')}
          description={t('customer.form.currencyHint')}
          {...field('currency')}
          maxLength={3}
        />
        <Select
          label={t('customer.form.type')}
          {...field('kind')}
          onChange={(kind) => {
            set('kind')(kind);
            set('direction')(kind === 'refund' ? 'out' : 'in');
          }}
          options={transactionKinds.map((value) => ({ value, text: kindText(value, t) }))}
        />
        <Select
          label={t('customer.form.direction')}
          {...field('direction')}
          options={(['in', 'out'] as const).map((value) => ({ value, text: t(`customer.direction.${value}`) }))}
        />
        <Select
          label={t('customer.form.status')}
          {...field('status')}
          options={['completed', 'pending'].map((value) => ({ value, text: interactionStatusText(value, t) }))}
        />
        <TextField label={t('customer.form.occurred')} {...field('occurred_at')} type="datetime-local" />
        <TextField label={t('customer.form.order')} {...field('order_id')} maxLength={100} />
      </div>
      <TextField label={t('customer.form.description')} {...field('description')} multiline rows={2} maxLength={500} />
    </FormDialog>
  );
}
