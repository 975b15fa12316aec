import { ClientelaError, type Customer } from '@clientela/client';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useCan } from '../api/session.ts';
import { customerName } from '../customers/queries.ts';
import { Button } from '../ui/button.tsx';
import { Failure } from '../ui/failure.tsx';
import { toast } from '../ui/toast.tsx';
import { restoreCustomer } from './deletion.ts';
import { ExistingLink } from './existing-link.tsx';

/** Takes the deletion of a customer back, for those who may. */
export function Restore({ customer }: { customer: Customer }) {
  const { t } = useTranslation();
  const can = useCan();
  const [error, setError] = useState<unknown>();
  if (!can('customers:update')) return null;
  const restore = async () => {
    try {
      await restoreCustomer(customer);
      toast(t('customer.restored', { name: customerName(customer) }));
      setError(undefined);
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <>
      <Button look="link" onPress={() => void restore()}>
        {t('customer.state.restore')}
      </Button>
      {error !== undefined && <Failure error={error} />}
      <ExistingLink error={error} />
    </>
  );
}

/** Offers it in a form whose changes were refused because somebody deleted the customer meanwhile. */
export const RestoreFirst = ({ customer, error }: { customer: Customer; error: unknown }) =>
  error instanceof ClientelaError && error.code === 'CUSTOMER_DELETED' ? (
    <div>
      <Restore customer={customer} />
    </div>
  ) : null;
