import type { Body, Customer } from '@clientela/client';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { flushSync } from 'react-dom';
import { useTranslation } from 'react-i18next';
import { queryClient } from '../api/query-client.ts';
import { api } from '../api/session.ts';
import { typeText } from '../customers/columns.tsx';
import { customerName } from '../customers/queries.ts';
import { types } from '../customers/search-params.ts';
import { fieldErrors } from '../forms/field-errors.ts';
import { FormDialog } from '../forms/form-dialog.tsx';
import { useIdempotencyKey } from '../forms/use-idempotency-key.ts';
import { useSubmit } from '../forms/use-submit.ts';
import styles from '../ui/bar.module.css';
import { Select } from '../ui/select.tsx';
import { toast } from '../ui/toast.tsx';
import { CustomerFields } from './customer-fields.tsx';
import { ExistingLink } from './existing-link.tsx';
import { fieldsOf, toBody } from './fields.ts';

const paths = ['full_name', 'email', 'phone', 'preferences.language', 'address.city', 'address.country'];

/** Creates a customer. A value that another customer has is refused at its field, with the way there. */
export function NewCustomer({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [values, setValues] = useState<Readonly<Record<string, string>>>({});
  const [type, setType] = useState('regular');
  const keyFor = useIdempotencyKey();
  const typed = Object.fromEntries(Object.entries(values).filter(([, text]) => text.trim() !== ''));
  const isDirty = Object.keys(typed).length > 0;
  const { submit, error, isBusy } = useSubmit(async () => {
    const body = { ...toBody(typed), type } as Body<'customers.create'>;
    const customer = (await api.customers.create(body, { idempotencyKey: keyFor(body) })).customer as Customer;
    void queryClient.invalidateQueries({ queryKey: ['customers'] });
    toast(t('customer.new.created', { name: customerName(customer) }));
    flushSync(onClose); // the guard of what was typed goes before the page does
    await navigate({ to: '/customers/$customerId', params: { customerId: customer.id } });
  });
  return (
    <FormDialog
      title={t('customer.new.title')}
      isWide
      onClose={onClose}
      onSubmit={() => void submit()}
      submitText={t('customer.new.create')}
      error={error}
      shown={paths}
      isDirty={isDirty}
      isBusy={isBusy}
    >
      <p className={styles.hint}>{t('customer.new.hint')}</p>
      <CustomerFields
        fields={fieldsOf(paths)}
        values={values}
        set={(path) => (value) => setValues((all) => ({ ...all, [path]: value }))}
        errors={fieldErrors(error, t)}
        autoFocus
      />
      <div className={styles.narrow}>
        <Select
          label={t('customers.filterName.type')}
          value={type}
          onChange={setType}
          options={types.map((value) => ({ value, text: typeText(value, t) }))}
        />
      </div>
      <ExistingLink error={error} />
    </FormDialog>
  );
}
