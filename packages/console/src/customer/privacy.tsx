import type { Customer } from '@clientela/client';
import { useQuery } from '@tanstack/react-query';
import { Download } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/session.ts';
import { saveFile } from '../customers/csv.ts';
import { customerName } from '../customers/queries.ts';
import { useSubmit } from '../forms/use-submit.ts';
import bar from '../ui/bar.module.css';
import { Button } from '../ui/button.tsx';
import { Confirm } from '../ui/confirm.tsx';
import { Failure } from '../ui/failure.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { toast } from '../ui/toast.tsx';
import { Erased } from './erased.tsx';
import { eraseCustomer, erasureQuery } from './erasure-queries.ts';

/** The rights of the person (GDPR): a copy of everything, and the erasure of it. */
export function Privacy({ customer }: { customer: Customer }) {
  const { t } = useTranslation();
  const [isErasing, setErasing] = useState(false);
  const [key] = useState(() => crypto.randomUUID());
  const erasure = useQuery(erasureQuery(customer.id));
  const download = useSubmit(async () => {
    const data = await api.gdpr.export({ customer_id: customer.id });
    const text = JSON.stringify(data, undefined, 2);
    saveFile(`customer-${customer.number}.json`, new Blob([text], { type: 'application/json' }));
    toast(t('customer.export.done'));
  });
  return (
    <>
      <section className={bar.section}>
        <h2>{t('customer.export.title')}</h2>
        <p className={bar.hint}>{t('customer.export.hint')}</p>
        <div>
          <Button isPending={download.isBusy} onPress={() => void download.submit()}>
            <Download size={16} strokeWidth={1.5} aria-hidden />
            {t('customer.export.action')}
          </Button>
        </div>
        {download.error !== undefined && <Failure error={download.error} />}
      </section>
      <section className={bar.section}>
        <h2>{t('customer.erase.title')}</h2>
        <p className={bar.hint}>{t('customer.erase.hint')}</p>
        {erasure.error && <Failure error={erasure.error} onRetry={() => void erasure.refetch()} />}
        {erasure.isPending && <Skeleton lines={1} />}
        {erasure.data && <Erased request={erasure.data} />}
        {erasure.data === null && (
          <div>
            <Button look="danger" onPress={() => setErasing(true)}>
              {t('customer.erase.action')}
            </Button>
          </div>
        )}
      </section>
      {isErasing && (
        <Confirm
          title={t('customer.erase.confirm', { name: customerName(customer) })}
          action={t('customer.erase.action')}
          typed={customerName(customer)}
          onConfirm={() => eraseCustomer(customer.id, key)}
          onClose={() => setErasing(false)}
        >
          {t('customer.erase.hint')}
        </Confirm>
      )}
    </>
  );
}
