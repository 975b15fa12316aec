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
import { Form } from '../forms/form.tsx';
import { LeaveGuard } from '../forms/leave-guard.tsx';
import { useSubmit } from '../forms/use-submit.ts';
import styles from '../ui/bar.module.css';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
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
  // One key for one intention: what is sent again after a failure is stored once, what was corrected is another request.
  const [intention, setIntention] = useState({ of: '', key: '' });
  const typed = Object.fromEntries(Object.entries(values).filter(([, text]) => text.trim() !== ''));
  const isDirty = Object.keys(typed).length > 0;
  const { submit, error, isBusy } = useSubmit(async () => {
    const body = { ...toBody(typed), type } as Body<'customers.create'>;
    const of = JSON.stringify(body);
    const idempotencyKey = intention.of === of ? intention.key : crypto.randomUUID();
    setIntention({ of, key: idempotencyKey });
    const customer = (await api.customers.create(body, { idempotencyKey })).customer as Customer;
    void queryClient.invalidateQueries({ queryKey: ['customers'] });
    toast(t('customer.new.created', { name: customerName(customer) }));
    flushSync(onClose); // the guard of what was typed goes before the page does
    await navigate({ to: '/customers/$customerId', params: { customerId: customer.id } });
  });
  return (
    <Dialog
      title={t('customer.new.title')}
      isOpen
      isWide
      onClose={onClose}
      isDismissable={!isDirty}
      isKeyboardDismissDisabled={isDirty}
    >
      <Form onSubmit={() => void submit()} error={error} shown={paths}>
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
        <div className={styles.buttons}>
          <Button type="submit" look="primary" isPending={isBusy}>
            {t('customer.new.create')}
          </Button>
          <Button onPress={onClose}>{t('common.cancel')}</Button>
        </div>
        <LeaveGuard isDirty={isDirty} />
      </Form>
    </Dialog>
  );
}
