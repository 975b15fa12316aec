import { useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useCan } from '../api/session.ts';
import { Button } from '../ui/button.tsx';
import { Empty } from '../ui/empty.tsx';

const NewCustomer = lazy(() =>
  import('../customer/new-customer.tsx').then((module) => ({ default: module.NewCustomer })),
);

/** Stands in place of the figures until the company has a customer: how the first ones come in. */
export function NoCustomers() {
  const { t } = useTranslation();
  const can = useCan();
  const navigate = useNavigate();
  const [isNew, setNew] = useState(false);
  return (
    <>
      <Empty
        actions={
          <>
            {can('customers:create') && (
              <Button look="primary" onPress={() => setNew(true)}>
                {t('customer.new.create')}
              </Button>
            )}
            {can('customers:import') && (
              <Button onPress={() => void navigate({ to: '/import' })}>{t('today.importFile')}</Button>
            )}
          </>
        }
      >
        {t('customers.none')}
      </Empty>
      {isNew && (
        <Suspense>
          <NewCustomer onClose={() => setNew(false)} />
        </Suspense>
      )}
    </>
  );
}
